/** Words of 获客: [Chinese, English]. */
export const acquire = {
  'acquire.sources': ['来源', 'Sources'],
  'sources.sentence': ['{source}带来的人最多：{n}，净收入 {net}。', '{source} brings the most people: {n}, net revenue {net}.'],
  'sources.sentenceNone': ['还没有人付过款，看不出来源。', 'Nobody has paid yet, so there are no sources to compare.'],
  'sources.best': ['又来买的最多是{source}：{share}。', '{source} has the most who return: {share}.'],
  'sources.tooEarly': ['哪个来源的人更会回头，还看不出来：人最多的来源也只有 {n} 人，满 30 人再比。', 'Too early to say whose people return more: the largest source has {n} people, 30 are needed.'],
  'sources.tableTitle': ['{n} 种来源，加起来就是全部 {people} 人', '{n} sources, together all {people} people'],
  'sources.col.source': ['第一单从哪来', 'First order came from'], 'sources.col.people': ['人', 'People'], 'sources.col.again': ['又来买', 'Bought again'], 'sources.col.orders': ['单', 'Orders'], 'sources.col.first': ['第一单净收入', 'First orders, net'], 'sources.col.later': ['后来净收入', 'Later orders, net'], 'sources.col.per': ['每人净收入', 'Net per person'],
  'sources.total': ['合计', 'Total'], 'sources.unknownWhat': ['没有 unionid，不知道是不是同一个人，分开数。', 'No unionid: nobody can tell whether it is the same person, so they are counted apart.'],
  'cohort.title': ['第一单之后的每个月，还有多少人来买', 'How many bought again in each month after their first order'], 'cohort.unit': ['格子里是占比，不满 30 人写人数；虚线框是还没过完的月', 'cells: share of people, counts under 30; dotted: month not over'],
  'cohort.first': ['第一单', 'First order'], 'cohort.size': ['人', 'People'], 'cohort.label': ['{cohort} 来的 {size} 人，第 {offset} 个月有 {active} 人来买，净收入 {net}', 'of {size} who came in {cohort}, {active} bought in month +{offset}, net {net}'],
  'cohort.early': ['还看不出来。最早的客人是 {month} 来的，第一个月还没过完。', 'Too early to tell: the first customers came in {month}, whose month is not over.'],
  'cohort.finding': ['{cohort} 来的人里，下个月又买的有 {share}。', 'Of those who came in {cohort}, {share} bought again the month after.'],
} as const
