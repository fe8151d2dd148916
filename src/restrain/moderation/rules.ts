import type { PieceKind } from '../../retain/reader/index.ts'
import type { Severity } from '../penalty/index.ts'
import type { Facts } from './scan.ts'

/**
 * The convention's rules as data (公约): nine categories, 55 sub-rules. A row says what the rule forbids, how grave it is, who decides, what the machine
 * makes of a find, and which listed words give it away; with an example it catches and a harmless twin that passes. Lists are short and honest: what no
 * list can know (`machine: 'pass'`) is found by people who look or report.
 */
/** queue: one look; second: two people must agree; authority: two people, and the evidence can be handed to the authority. */
export type Route = 'queue' | 'second' | 'authority'
/** rule: a stated rule rejects by itself; model: lists, and a classifier where the merchant trained one, hold for a person; human: lists at most point at it. */
export type Decider = 'rule' | 'model' | 'human'
export type Sample = { kind?: PieceKind; title?: string; text: string; links?: string[]; facts?: Partial<Facts> }
export type Rule = {
  id: string
  category: number
  zh: string
  en: string
  /** One sentence of the convention. */
  text: string
  severity: Severity
  /** One step heavier when somebody under age is harmed. */
  minors: boolean
  route: Route
  decides: Decider
  /** What a find leads to before a person has looked; pass: no mechanical sign exists. */
  machine: 'pass' | 'hold' | 'reject'
  words: string[]
  /** Words found by their sound too. */
  sounds: string[]
  /** Looked for in titles only. */
  titleOnly: boolean
  example: Sample
  twin: Sample
}

export const categories: ReadonlyArray<{ category: number; zh: string; en: string; text: string }> = [
  { category: 1, zh: '违法违规', en: 'illegal or endangering', text: '法律不许说、不许传的，这里也不许。由两位审核人看过才定，证据留存。' },
  { category: 2, zh: '不友善', en: 'unfriendly', text: '可以不同意，不可以伤人。对事说话，不对人下手。' },
  { category: 3, zh: '垃圾广告', en: 'spam', text: '来这里是为了读和谈，不是为了被推销。' },
  { category: 4, zh: '色情低俗', en: 'vulgar', text: '文字和图片都要能让家里人一起看。' },
  { category: 5, zh: '不实信息', en: 'false', text: '说事实要有来处；身份要是自己的。' },
  { category: 6, zh: '封建迷信', en: 'superstition', text: '不靠算和求来做决定，也不拿它招揽人。' },
  { category: 7, zh: '标题党', en: 'clickbait', text: '标题说多少，正文就要有多少。' },
  { category: 8, zh: '饭圈乱象', en: 'fan-club excess', text: '喜欢谁都可以，不可以拿别人的钱、时间和名声去争。' },
  { category: 9, zh: '其他危害', en: 'other harm', text: '上面没写到、但会伤到人的。' },
]

type Row = [id: string, zh: string, en: string, text: string, severity: Severity, flags: string, machine: 'pass' | 'hold' | 'reject', words: string, example: string | Sample, twin: string | Sample]

/** Flags: m = heavier for minors; s = a second look; a = the authority's route; R, M = decided by rule or model (else by a person); t = titles only. A word ending in ~ is found by its sound too. */
const rows: readonly Row[] = [
  ['1.1', '反对宪法基本原则', 'against the basic principles of the constitution', '不否定宪法确定的基本原则，不鼓动他人这样做。', 'severe', 'a', 'hold', '推翻宪法 废除宪法 宪法就是废纸 宪法作废', '大家一起推翻宪法', '宪法日学校组织了一次朗读'],
  ['1.2', '危害国家安全/泄密/颠覆/破坏统一', 'endangering the state: secrets, subversion, separation', '不泄露国家秘密，不煽动颠覆，不鼓吹分裂。', 'severe', 'a', 'hold', '颠覆国家政权 分裂国家 泄露国家机密 出售军事机密 煽动独立建国', '有渠道出售军事机密，要的私聊', '参观军事博物馆要提前预约吗'],
  ['1.3', '损害国家荣誉利益', "harming the country's honour", '不侮辱国旗国徽国歌，不出卖国家的荣誉和利益。', 'serious', 'a', 'hold', '焚烧国旗 烧国旗 侮辱国徽 恶搞国歌 践踏国旗', '这个视频教你恶搞国歌', '升国旗的时候全场都站起来了'],
  ['1.4', '侮辱否定英雄烈士', 'insulting heroes and martyrs', '不歪曲、不丑化英雄烈士和他们的事迹。', 'serious', 'a', 'hold', '烈士活该 英烈都是假的 烈士白死 英雄事迹都是编的', '什么英烈都是假的，骗小孩', '清明去烈士陵园献了花'],
  ['1.5', '恐怖主义极端主义', 'terrorism and extremism', '不宣扬、不教人实施恐怖和极端行为。', 'severe', 'a', 'hold', '自制炸弹教程 加入圣战 恐怖袭击方法 制作炸药配方 独狼袭击', '私发自制炸弹教程', '这部反恐电影里的拆弹戏拍得真好'],
  ['1.6', '民族仇恨与歧视', 'hatred between peoples', '不挑动民族之间的仇恨和歧视。', 'serious', 'a', 'hold', '劣等民族 民族都该死 滚出去的民族 低等民族', '他们就是劣等民族', '各民族的年夜饭各有各的讲究'],
  ['1.7', '破坏宗教政策/邪教迷信', 'cults and abuse of religion', '不传邪教，不借宗教骗钱害人。', 'serious', 'a', 'hold', '加入邪教 传功治病 信了不用吃药 末日将至快入教 奉献钱财消灾', '信了不用吃药，我婶婶就好了', '药要按医生说的吃，别自己停'],
  ['1.8', '谣言扰乱秩序', 'rumours that disturb order', '不编造、不转传会引起恐慌的消息。', 'serious', 'a', 'hold', '内部消息明天封城 马上封城快囤 官方隐瞒死亡人数 地震局内部通知 自来水投毒', '内部消息明天封城，快去抢米', '天气预报说明天有雨，记得带伞'],
  ['1.9', '淫秽/赌博/暴力/教唆犯罪', 'obscenity, gambling, violence, incitement to crime', '不传播淫秽、赌博、凶杀的内容，不教人犯罪。', 'severe', 'ma', 'hold', '裸聊 百家乐 网上赌场 赌博平台 博彩平台 真人荷官 雇凶杀人 迷药购买 高清无码', '真人荷官在线，注册送彩金', '桌游之夜，输的人洗碗'],
  ['1.10', '煽动非法集会', 'calling for unlawful assemblies', '不组织、不煽动非法的集会、游行、聚众。', 'severe', 'a', 'hold', '上街游行集合 聚众围堵 去政府门口静坐 非法集会', '周六上街游行集合，人越多越好', '周六茶友会在店里，十点开始'],
  ['1.11', '对未成年人的网络欺凌', 'cyberbullying of minors', '不骂、不曝光、不围攻未成年人。', 'severe', 'ma', 'hold', '校园霸凌视频 扒她衣服发群里 打死那个小学生 曝光这个初中生 网暴这个孩子', '曝光这个初中生，大家去骂她', '这个初中生泡的茶比我还稳'],
  ['1.12', '危害未成年人身心健康', 'harm to the health of minors', '不发布、不引人观看伤害未成年人身心的内容。', 'severe', 'ma', 'hold', '未成年援交 幼女视频 萝莉资源 教小孩自残 儿童色情', '萝莉资源打包，懂的来', '给孩子泡的茶要淡一点'],
  ['1.13', '其他法律禁止', 'otherwise forbidden by law', '法律、行政法规禁止的其他内容。', 'serious', 'a', 'hold', '代开发票~ 出售公民信息 收购银行卡 买卖银行卡 办假身份证 办假证 出售枪支 代考包过', '代开发票，各行业都有', '发票在订单页就能申请'],

  ['2.1', '轻蔑', 'contempt', '不居高临下地贬低别人。', 'light', 'mM', 'hold', '你也配 就凭你 你算什么东西 不配说话 你什么档次', '你也配谈茶', '这款茶配桂花糕正好'],
  ['2.2', '诽谤', 'slander', '不捏造事实去坏别人的名声。', 'serious', 'ms', 'pass', '', '听我说，他们家老板以前坐过牢，你们都别去', '听我说，他们家老板人挺实在'],
  ['2.3', '嘲讽', 'mockery', '不拿别人的短处取乐。', 'light', 'mM', 'hold', '智商欠费 脑子进水 智商感人 没带脑子 蠢得可爱', '智商欠费了吧，这都信', '话费欠费了，快去充'],
  ['2.4', '挑衅', 'provocation', '不撩拨别人来吵架。', 'light', 'm', 'hold', '有种出来单挑 不服来干 不服来战 有本事来打我', '不服来战，地址发你', '两种泡法都试试，不服口味可以换'],
  ['2.5', '羞辱', 'humiliation', '不当众让人难堪。', 'medium', 'm', 'hold', '你这种废物 丢人现眼的东西 你妈白养你 活着浪费粮食 垃圾人', '你这种废物就别说话了', '废物利用：茶渣可以除味'],
  ['2.6', '谩骂', 'abuse', '不骂脏话。', 'medium', 'mR', 'reject', '傻逼~ 煞笔 王八蛋 狗娘养的 操你妈 滚你妈的 去死吧你', '傻逼才买这个', '买这个的人都说好'],
  ['2.7', '歧视', 'discrimination', '不因地域、性别、疾病、职业看不起人。', 'medium', 'mM', 'hold', '外地人滚出去 乡巴佬 死残废 娘炮 女人不配 穷鬼', '外地人滚出去', '外地人来杭州，先去龙井村走走'],
  ['2.8', '威胁', 'threats', '不拿人身、家人、隐私来吓唬别人。', 'serious', 'ms', 'hold', '弄死你 小心你全家 找人收拾你 打断你的腿 知道你住哪 杀你全家', '我知道你住哪，等着', '告诉我你住哪个区，我看看运费'],

  ['3.1', '多次发布广告', 'repeated advertising', '不一再发同一类推广。24 小时里第三次留联系方式，就算多次。', 'medium', '', 'hold', '', { text: '还是那句话，加微信 tea20268 拿优惠', facts: { adsLately: 2 } }, { text: '还是那句话，水温别太高', facts: { adsLately: 2 } }],
  ['3.2', '多账号配合传播', 'several accounts spreading the same', '不用几个账号发同样的话来推同一样东西。', 'serious', 'R', 'reject', '', { text: '这家店真的绝了，全场半价，进店报我名字就行', facts: { sameTextOthers: 2 } }, { text: '这家店真的不错，周末人多，建议早点去排队', facts: { sameTextOthers: 0 } }],
  ['3.3', '欺骗性外链', 'deceptive links', '链接要去它说的地方：不藏短链，不用数字地址，不仿冒网站。', 'serious', 'R', 'reject', '', { text: '官网在这里', links: ['http://203.0.113.9/login'] }, { text: '平台的说明在这里', links: ['https://developers.weixin.qq.com/doc/'] }],
  ['3.4', '为搜索曝光堆砌推广', 'stuffing for search', '不堆关键词。同一个词一段里超过八次，或话题超过八个，就算堆砌。', 'light', 'R', 'hold', '', '白茶批发 白茶批发 白茶批发 白茶批发 白茶批发 白茶批发 白茶批发 白茶批发 白茶批发', '白茶批发和零售差在哪，我说三点：存放、年份、包装'],
  ['3.5', '买卖虚假互动', 'trade in fake interaction', '不买卖粉丝、点赞、好评和阅读。', 'serious', 'R', 'reject', '刷粉~ 刷赞 买粉丝 涨粉包 代刷好评 刷好评 点赞互刷 买阅读量 水军业务', '刷赞刷评论，五毛一个', '给好评的客人，我都手写了回信'],
  ['3.6', '伪造经历营销', 'marketing by invented experience', '不编亲身经历来卖东西。', 'medium', '', 'hold', '亲测月瘦二十斤 我用了三天就好了快去买 亲测包治 老公喝了一个月 亲测有效加我', '亲测月瘦二十斤，链接在主页', '喝了三个月，体重没变，睡得好些'],
  ['3.7', '符号图片规避审核', 'dodging review by symbols or pictures', '不用符号、拆字、谐音把不许说的藏起来。', 'medium', '', 'hold', '', '加·*薇*·✉信，拿底价', '加一点·陈皮·更好喝'],
  ['3.8', '(总则) 影响体验的推广', 'promotion that spoils reading (general)', '评论和名字里不留电话、微信号、二维码和群；一分钟不超过五条。', 'medium', '', 'hold', '加微信~ 加我微信 加V信 加薇信 私信领取 进群领 扫码进群 加群领', '想要的加微信 tea20268', '微信支付可以用吗'],

  ['4.1', '性经验细节', 'details of sexual experience', '不写性行为的细节。', 'medium', 'm', 'hold', '一夜情经历 约炮经历 床上功夫 做爱细节 啪啪啪经历', '说说我的约炮经历', '说说我第一次炒茶的经历'],
  ['4.2', '段子笑话', 'dirty jokes', '不发黄段子。', 'light', '', 'hold', '荤段子 黄段子 成人笑话 老司机开车段子', '每天一个荤段子，今天是', '每天一个泡茶的小办法'],
  ['4.3', '低俗头图配图', 'vulgar pictures', '头图和配图不露、不挑逗。新图片由人看过；看过不行的，再来就不收。', 'medium', '', 'reject', '', { text: '看头图', facts: { media: { ['0'.repeat(64)]: 'banned' } } }, { text: '看头图', facts: { media: { ['1'.repeat(64)]: 'cleared' } } }],
  ['4.4', '性暗示挑逗', 'sexual innuendo', '不用性暗示吸引人。', 'medium', 'm', 'hold', '小姐姐私密照 私密写真 今晚约吗 深夜福利 福利姬 湿身诱惑', '深夜福利，点进来', '深夜值班，泡一杯浓的'],
  ['4.5', '血腥惊悚残忍', 'gore and cruelty', '不发血腥、虐杀的文字和画面。', 'serious', 'ms', 'hold', '虐猫视频 虐杀 分尸现场 斩首视频 车祸现场无码', '虐猫视频合集', '猫把茶杯打翻了的视频'],
  ['4.6', '炒作绯闻丑闻', 'trading in scandal', '不拿私生活炒作。', 'light', '', 'hold', '惊天绯闻 出轨实锤 私生子曝光 艳照门 床照流出', '某某出轨实锤，图在里面', '某某新剧开机，演一位茶农'],
  ['4.7', '宣扬庸俗', 'celebrating the tasteless', '不以低俗为荣来招人。', 'light', '', 'hold', '拜金才是真理 笑贫不笑娼 傍大款攻略 包养价格', '傍大款攻略，三步学会', '攒钱买壶攻略，三步学会'],

  ['5.1', '事实错误或谣言', 'wrong facts or rumours', '说错了要改；没有来处的，说明是猜的。', 'medium', '', 'pass', '', '隔夜茶喝一口就致癌，专家都证实了', '隔夜茶口感会变差，我一般倒掉'],
  ['5.2', '诽谤与伪造事实', 'defamation by invented facts', '不编造别人做过的事，不伪造截图和单据。', 'serious', 's', 'hold', '代做聊天记录截图 假截图生成 伪造付款截图 P一张转账记录', '假截图生成，转账记录都能做', '转账记录在钱包里可以导出'],
  ['5.3', '冒充他人/虚假关联', 'impersonation, false affiliation', '名字、头像、简介不冒充别人、商家和官方。', 'serious', 'R', 'reject', '', { kind: 'profile', title: '轻舟茶铺官方客服', text: '', facts: { names: ['轻舟茶铺'] } }, { kind: 'profile', title: '爱喝茶的小舟', text: '', facts: { names: ['轻舟茶铺'] } }],

  ['6.1', '算命占卜解梦', 'fortune-telling, reading of dreams', '不替人算命、占卜、解梦。', 'light', '', 'hold', '在线算命 免费算命 塔罗占卜 周公解梦服务 算一卦', '免费算命，发生日来', '梦见下雨，醒来真下雨了'],
  ['6.2', '求荐大师', 'asking for or praising masters', '不求、不荐“大师”。', 'light', '', 'hold', '求推荐大师 灵验的大师 大师开光 请大师做法', '求推荐大师，家里最近不顺', '国际象棋大师来店里下了一盘'],
  ['6.3', '风水咨询', 'feng-shui advice', '不做风水咨询。', 'light', '', 'hold', '看风水 风水布局 招财风水 风水先生', '店里要看风水吗，招财风水布局', '店里采光不好，换了一盏灯'],
  ['6.4', '八字星盘合盘手相取名等', 'birth charts, palms, lucky names', '不看八字、星盘、手相，不改运取名。', 'light', '', 'hold', '生辰八字 排八字 看手相 改名转运 星盘合盘 紫微斗数', '排八字看姻缘，准的', '八字眉的猫，脾气很好'],

  ['7.1', '夸张猎奇标题', 'lurid headlines', '标题不吓人、不卖关子。', 'light', 't', 'hold', '震惊 惊呆了 吓尿 删前速看 不看后悔 不转不是 看完哭了 出大事了', { kind: 'article', title: '震惊，喝茶的人都后悔了', text: '喝茶的人都说，后悔没早点换一把壶。' }, { kind: 'article', title: '喝茶的人，换壶以前想什么', text: '喝茶的人换壶以前，多半在想容量。' }],
  ['7.2', '题文不符', 'headline that the text does not hold', '标题里的话，正文里要找得到：标题的两字词三个里至少有一个出现在正文。', 'light', 't', 'hold', '', { kind: 'article', title: '三步学会做手冲咖啡', text: '今天我们店里到了一批新的白茶，欢迎大家来尝。地址不变，营业到晚上九点，停车在后院。' }, { kind: 'article', title: '新到的白茶，怎么存', text: '新到的白茶先放一周再喝。存的时候避光、避味，白茶罐子不要装满。' }],
  ['7.3', '标题与事实不符', 'headline against the facts', '标题里的数字，正文里要有。', 'light', 't', 'hold', '', { kind: 'article', title: '上了计划，复购涨了300%', text: '上了计划以后，复购涨了一些，大约一成。计划每周排一次。' }, { kind: 'article', title: '上了计划，复购涨了12%', text: '上了计划以后，复购从 25% 到 28%，涨了 12%，计划每周排一次。' }],

  ['8.1', '诱导未成年人集资打榜', 'drawing minors into paid voting', '不引未成年人花钱应援、投票、打榜。', 'serious', 'ms', 'hold', '学生党集资打榜 未成年也能集资 集资应援 打榜集资 零花钱打榜', '学生党集资打榜，每人二十', '学生党喝什么茶，二十块一包够了'],
  ['8.2', '互撕拉踩人肉', 'mud-slinging and hunting people down', '不互相攻击，不拉一个踩一个，不人肉。', 'medium', 's', 'hold', '人肉他 人肉搜索 挂人扒皮 撕番 对家粉丝滚', '谁来人肉他，扒出来看看', '肉人参泡茶？别乱喝'],
  ['8.3', '攀比炫富', 'showing off wealth', '不攀比，不炫富。', 'light', '', 'hold', '炫富 晒豪车豪宅 年入千万你呢 买不起就别', '年入千万你呢，晒豪车豪宅', '今年卖了三百单，够房租了'],
  ['8.4', '水军养号刷量控评', 'sock puppets, farmed accounts, steered comments', '不组织水军，不养号，不刷量，不控评。', 'serious', 's', 'hold', '控评 养号 水军 刷数据 打榜刷量 反黑站', '控评组招人，每天两小时', '评论我都看，慢慢回'],
  ['8.5', '其他', 'other fan-club excess', '别的把追星变成争斗的做法。', 'light', '', 'hold', '应援会抢票 私生饭 追车跟拍 机场围堵', '私生饭集合，航班号有', '机场买的茶，贵一倍'],

  ['9.1', '诱发未成年人模仿不安全行为', 'unsafe acts that minors may copy', '不演示会被孩子学去、会受伤的事。', 'serious', 'ms', 'hold', '憋气挑战 窒息挑战 烟花对射 徒手爬楼挑战 吞异物挑战', '窒息挑战，谁能坚持三分钟', '安静挑战：孩子能坐着喝完一杯茶吗'],
  ['9.2', '不当评述灾难', 'callous words about disasters', '灾难面前不幸灾乐祸，不消费。', 'medium', '', 'hold', '地震震得好 死得好 洪水活该 淹得好 烧得好', '那边地震震得好', '那边地震了，愿平安'],
  ['9.3', '美化侵略战争', 'glorifying wars of aggression', '不美化侵略和侵略者。', 'serious', 's', 'hold', '皇军万岁 侵略有功 大屠杀是假的 军国主义万岁', '大屠杀是假的，别信', '去了南京的纪念馆，一路没说话'],
  ['9.4', '其他法律禁止', 'other harm forbidden by law', '法律禁止的其他危害。', 'medium', 's', 'pass', '', '教你把别人家的快递领走不被发现', '教你把别人送错的快递退回去'],
]

const sample = (one: string | Sample): Sample => (typeof one === 'string' ? { text: one } : one)

/** The rules as they are delivered: version 1 of every merchant's convention. */
export const builtInRules: readonly Rule[] = rows.map(([id, zh, en, text, severity, flags, machine, words, example, twin]) => {
  const list = words === '' ? [] : words.split(' ')
  return {
    id, category: Number(id.split('.')[0]), zh, en, text, severity, machine, minors: flags.includes('m'), route: flags.includes('a') ? 'authority' : flags.includes('s') ? 'second' : 'queue',
    decides: flags.includes('R') ? 'rule' : flags.includes('M') ? 'model' : 'human', titleOnly: flags.includes('t'),
    words: list.filter((word) => !word.endsWith('~')), sounds: list.filter((word) => word.endsWith('~')).map((word) => word.slice(0, -1)), example: sample(example), twin: sample(twin),
  }
})

/** A copyright take-down is no rule of the convention: nobody is punished for it before a court has spoken. */
export const copyrightRule = 'copyright'
