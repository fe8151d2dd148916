import type { ReactNode } from 'react'
import { Button } from 'antd'
import { Card, DataTable, Loaded, PageHead, StateBlock, useFilter } from '../kit/index.ts'
import { useGet } from '../lib/session.tsx'
import type { AuditRow } from '../lib/types.ts'
import { useWords, type TextKey } from '../lib/words.tsx'
import { text } from '../text/index.ts'

const limit = 50

/** 设置 › 审计: who did what, when. Real time, also in the sea. */
export function Audit(): ReactNode {
  const { t, f, language } = useWords()
  const filter = useFilter()
  const before = filter.get('before')
  const query = useGet<{ rows: AuditRow[] }>('/audit', { before, limit }, { every: before ? undefined : 15_000 })
  const action = (row: AuditRow): string => (`action.${row.action}` in text ? t(`action.${row.action}` as TextKey) : row.action)
  return (
    <Loaded query={query}>
      {({ rows }) => (
        <>
          <PageHead kicker={t('audit.kicker')} sentence={t('audit.sentence')} why={rows.length === 0 ? undefined : t('audit.why', { n: f.count(rows.length), last: before ? '' : t('audit.last', { when: f.ago(rows[0].at, Date.now(), language) }) })} />
          <Card flush>
            <DataTable<AuditRow>
              name="audit" rows={rows} rowKey={(row) => row.auditId} stale={query.isPlaceholderData}
              columns={[
                { key: 'action', title: t('audit.col.action'), cell: (row) => action(row) }, { key: 'object', title: t('audit.col.object'), cell: (row) => <span className="mono" title={row.object}>{row.object.length > 24 ? f.shortId(row.object) : row.object || '—'}</span> },
                { key: 'actor', title: t('audit.col.actor'), cell: (row) => row.actor }, { key: 'at', title: t('audit.col.at'), width: 180, cell: (row) => <span className="nowrap">{f.timeExact(row.at)}</span> },
              ]}
              phone={(row) => ({ title: action(row), right: f.timeInTable(row.at, Date.now()), line: row.actor, lineRight: <span className="mono">{f.shortId(row.object)}</span> })}
              empty={<StateBlock title={t('audit.empty')} what={t('audit.emptyWhat')} />}
            />
            {(rows.length === limit || before) && <div className="tablefoot">{before && <Button onClick={() => filter.set({ before: undefined })}>{t('audit.newest')}</Button>}{rows.length === limit && <Button onClick={() => filter.set({ before: String(rows.at(-1)!.at) })}>{t('audit.older')}</Button>}</div>}
          </Card>
        </>
      )}
    </Loaded>
  )
}
