import { useState, type ReactNode } from 'react'
import { Button, Form, Input, InputNumber, Modal, Radio, Switch } from 'antd'
import { Card, DataTable, Loaded, Money, PageHead, Permitted, StateBlock, TextLink, useBars, When, type Column } from '../kit/index.ts'
import { useGet, useSend, useSession } from '../lib/session.tsx'
import { useWords } from '../lib/words.tsx'

type Sale = { saleId: string; articleId: string; title: string; feathers: number; amountFen: number; authorFeathers: number; authorFen: number; state: 'unpaid' | 'paid' | 'refunding' | 'refunded'; createdAt: number; paidAt: number | null; settlesAt: number | null; refundReason: string | null }
type Payout = { payoutId: string; amountFen: number; state: 'asked' | 'paid' | 'refused'; askedAt: number; decidedAt: number | null; proof: string | null; reason: string | null; author: { name: string } | undefined }
type Terms = { authorShareBp: number; refundHours: number; notAfterQuiz: boolean; payoutLeastFen: number }
type Settings = { review: 'house' | 'none'; comments: 'queue' | 'convention'; quizRetryMinutes: number; terms: Terms }
const tone: Record<Sale['state'], string> = { unpaid: 'hollow', paid: 'ok', refunding: 'warn', refunded: 'hollow' }

/** 留存 › 付费: what was sold, what authors are owed and ask for, and by which rules. */
export function PaidPage(): ReactNode {
  const { t, f } = useWords()
  const { may } = useSession()
  const { tell } = useBars()
  const sales = useGet<{ rows: Sale[] }>('/article-sales', {}, { every: 20_000 })
  const payouts = useGet<{ rows: Payout[] }>('/payouts', {}, { every: 20_000, enabled: may('orders.refund') })
  const settings = useGet<Settings>('/community/settings')
  const [refund, setRefund] = useState<Sale>()
  const [payout, setPayout] = useState<{ row: Payout; paid: boolean }>()
  const [words, setWords] = useState('')
  const [rules, setRules] = useState(false)
  const refresh = { refresh: ['/article-sales', '/payouts', '/community'] }
  const back = useSend<{ saleId: string; reason: string }, { kind: string; zh?: string; en?: string }>('POST', ({ saleId }) => `/article-sales/${saleId}/refund`, { ...refresh, body: ({ reason }) => ({ reason }) })
  const decide = useSend<{ payoutId: string; paid: boolean; proof: string; reason: string }>('POST', ({ payoutId }) => `/payouts/${payoutId}`, { ...refresh, body: ({ paid, proof, reason }) => ({ paid, proof, reason }) })
  const save = useSend<object>('PUT', () => '/community/settings', refresh)
  const onError = (error: Error): void => tell(error.message)
  const shut = (): void => {
    setRefund(undefined)
    setPayout(undefined)
    setWords('')
  }
  const price = (row: Sale): ReactNode => (row.feathers > 0 ? t('articles.feathers', { n: f.count(row.feathers) }) : <Money fen={row.amountFen} />)
  const part = (row: Sale): ReactNode => (row.feathers > 0 ? t('articles.feathers', { n: f.count(row.authorFeathers) }) : <Money fen={row.authorFen} />)
  const columns: Column<Sale>[] = [
    { key: 'title', title: t('articles.col.title'), cell: (row) => <span className="ellipsis"><TextLink quiet to={`/retain/content/${row.articleId}`}>{row.title}</TextLink></span> }, { key: 'at', title: t('paid.col.at'), cell: (row) => <When at={row.paidAt ?? row.createdAt} /> },
    { key: 'state', title: t('articles.col.state'), cell: (row) => <span className={`tag ${tone[row.state]}`}>{t(`paid.state.${row.state}`)}</span> }, { key: 'price', title: t('articles.col.price'), right: true, cell: price }, { key: 'part', title: t('paid.col.part'), right: true, cell: part },
    { key: 'act', title: '', right: true, cell: (row) => row.state === 'paid' && <Permitted allowed={may('orders.refund')} who={t('paid.noRefund')}>{(disabled) => <Button size="small" disabled={disabled} onClick={() => setRefund(row)}>{t('paid.refund')}</Button>}</Permitted> },
  ]
  return (
    <Loaded query={sales}>
      {({ rows }) => {
        const paid = rows.filter((row) => row.state === 'paid')
        const asked = (payouts.data?.rows ?? []).filter((row) => row.state === 'asked')
        const sentence = asked.length > 0 ? t('paid.sentenceAsked', { n: asked.length, money: f.moneySaid(asked.reduce((sum, row) => sum + row.amountFen, 0)) }) : paid.length === 0 ? t('paid.none') : t('paid.sentence', { n: f.count(paid.length), money: f.moneySaid(paid.reduce((sum, row) => sum + row.amountFen, 0)), feathers: f.count(paid.reduce((sum, row) => sum + row.feathers, 0)) })
        const terms = settings.data?.terms
        return (
          <>
            <PageHead kicker={t('paid.kicker')} sentence={sentence} why={terms && t('paid.why', { share: (terms.authorShareBp / 100).toFixed(0), hours: terms.refundHours })} actions={<Permitted allowed={may('settings.write')} who={t('paid.noRules')}>{(disabled) => <Button disabled={disabled || settings.data === undefined} onClick={() => setRules(true)}>{t('paid.rules')}</Button>}</Permitted>} />
            <div className="cards level">
              <Card span={8} flush title={t('paid.sales')}>
                <DataTable<Sale> name="article-sales" columns={columns} rows={rows} rowKey={(row) => row.saleId} empty={<StateBlock small title={t('paid.none')} what={t('paid.noneWhat')} />} phone={(row) => ({ title: row.title, right: price(row), line: <span className={`tag ${tone[row.state]}`}>{t(`paid.state.${row.state}`)}</span>, lineRight: <When at={row.paidAt ?? row.createdAt} /> })} />
              </Card>
              <Card span={4} title={t('paid.payouts')}>
                {(payouts.data?.rows ?? []).length === 0 ? <StateBlock small title={t('paid.noPayouts')} what={t('paid.noPayoutsWhat')} /> : (
                  <ul className="list">
                    {payouts.data!.rows.map((row) => (
                      <li key={row.payoutId} className="stack">
                        <div className="pair"><span>{row.author?.name || t('articles.noName')}</span><span className="strong"><Money fen={row.amountFen} /></span></div>
                        <div className="pair"><span className="second"><When at={row.askedAt} /> {t(`payout.state.${row.state}`)}{row.proof !== null && ` · ${row.proof}`}{row.reason !== null && ` · ${row.reason}`}</span></div>
                        {row.state === 'asked' && <div className="row"><Button size="small" type="primary" onClick={() => setPayout({ row, paid: true })}>{t('payout.paid')}</Button><Button size="small" onClick={() => setPayout({ row, paid: false })}>{t('payout.not')}</Button></div>}
                      </li>
                    ))}
                  </ul>
                )}
              </Card>
            </div>
            <Modal open={refund !== undefined} title={t('paid.refundAsk')} footer={null} onCancel={shut} destroyOnHidden>
              <div className="stack wide">
                <p className="second">{t('paid.refundWhat')}</p>
                <Input value={words} maxLength={80} placeholder={t('comments.reason')} aria-label={t('comments.reason')} onChange={(event) => setWords(event.target.value)} />
                <div className="row"><Button type="primary" disabled={words.trim() === ''} loading={back.isPending} onClick={() => refund && back.mutate({ saleId: refund.saleId, reason: words.trim() }, { onSuccess: (done) => { tell(done.kind === 'refused' ? (done.zh ?? '') : t('paid.refunded')); shut() }, onError })}>{refund && (refund.feathers > 0 ? t('paid.refundFeathers', { n: refund.feathers }) : t('paid.refundMoney', { money: f.money(refund.amountFen) }))}</Button><Button onClick={shut}>{t('piece.cancel')}</Button></div>
              </div>
            </Modal>
            <Modal open={payout !== undefined} title={payout && (payout.paid ? t('payout.paidAsk', { money: f.money(payout.row.amountFen) }) : t('payout.notAsk'))} footer={null} onCancel={shut} destroyOnHidden>
              <div className="stack wide">
                <p className="second">{payout?.paid ? t('payout.paidWhat') : t('payout.notWhat')}</p>
                <Input value={words} maxLength={80} placeholder={payout?.paid ? t('payout.proof') : t('comments.reason')} aria-label={payout?.paid ? t('payout.proof') : t('comments.reason')} onChange={(event) => setWords(event.target.value)} />
                <div className="row"><Button type="primary" disabled={words.trim() === ''} loading={decide.isPending} onClick={() => payout && decide.mutate({ payoutId: payout.row.payoutId, paid: payout.paid, proof: payout.paid ? words.trim() : '', reason: payout.paid ? '' : words.trim() }, { onSuccess: () => { tell(payout.paid ? t('payout.donePaid') : t('payout.doneNot')); shut() }, onError })}>{payout?.paid ? t('payout.paid') : t('payout.not')}</Button><Button onClick={shut}>{t('piece.cancel')}</Button></div>
              </div>
            </Modal>
            {settings.data && <RulesModal open={rules} old={settings.data} busy={save.isPending} onCancel={() => setRules(false)} onDone={(next) => save.mutate(next, { onSuccess: () => { tell(t('paid.rulesSaved')); setRules(false) }, onError })} />}
          </>
        )
      }}
    </Loaded>
  )
}

type Values = { review: Settings['review']; comments: Settings['comments']; quizRetryMinutes: number; share: number; refundHours: number; notAfterQuiz: boolean; leastYuan: number }

function RulesModal(props: { open: boolean; old: Settings; busy: boolean; onDone: (next: object) => void; onCancel: () => void }): ReactNode {
  const { t } = useWords()
  const { old } = props
  const send = (values: Values): void => props.onDone({ review: values.review, comments: values.comments, quizRetryMinutes: values.quizRetryMinutes, terms: { authorShareBp: Math.round(values.share * 100), refundHours: values.refundHours, notAfterQuiz: values.notAfterQuiz, payoutLeastFen: Math.round(values.leastYuan * 100) } })
  return (
    <Modal open={props.open} title={t('paid.rules')} footer={null} onCancel={props.onCancel} destroyOnHidden>
      <Form<Values> layout="vertical" onFinish={send} initialValues={{ review: old.review, comments: old.comments, quizRetryMinutes: old.quizRetryMinutes, share: old.terms.authorShareBp / 100, refundHours: old.terms.refundHours, notAfterQuiz: old.terms.notAfterQuiz, leastYuan: old.terms.payoutLeastFen / 100 }}>
        <Form.Item name="review" label={t('paid.rule.review')}><Radio.Group options={[{ value: 'house', label: t('paid.rule.review.house') }, { value: 'none', label: t('paid.rule.review.none') }]} /></Form.Item>
        <Form.Item name="comments" label={t('paid.rule.comments')}><Radio.Group options={[{ value: 'queue', label: t('paid.rule.comments.queue') }, { value: 'convention', label: t('paid.rule.comments.convention') }]} /></Form.Item>
        <Form.Item name="quizRetryMinutes" label={t('paid.rule.quiz')}><InputNumber min={0} max={1440} precision={0} /></Form.Item>
        <Form.Item name="share" label={t('paid.rule.share')}><InputNumber min={0} max={100} precision={2} /></Form.Item>
        <Form.Item name="refundHours" label={t('paid.rule.hours')}><InputNumber min={0} max={720} precision={0} /></Form.Item>
        <Form.Item name="notAfterQuiz" label={t('paid.rule.notAfterQuiz')} valuePropName="checked"><Switch /></Form.Item>
        <Form.Item name="leastYuan" label={t('paid.rule.least')}><InputNumber min={0.01} max={100_000} precision={2} /></Form.Item>
        <Button type="primary" htmlType="submit" loading={props.busy}>{t('paid.rulesGo')}</Button>
      </Form>
    </Modal>
  )
}
