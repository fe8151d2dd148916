import { useState, type ReactNode } from 'react'
import { Button, Form, Input, Modal, Radio, Select } from 'antd'
import { Card, Loaded, PageHead, Permitted, StateBlock, TextLink, useBars, When } from '../kit/index.ts'
import { useGet, useSend, useSession } from '../lib/session.tsx'
import { useWords } from '../lib/words.tsx'

type Article = { articleId: string; title: string; hasQuiz: boolean }
type Course = { courseId: string; title: string; intro: string; state: 'draft' | 'open' | 'closed'; articles: Article[]; passed: number; changedAt: number }
type Pass = { personId: string; readerId: string; name: string; passedAt: number }

/** 标杆 › 课程: articles with quizzes in an order; who passed, when. */
export function CoursesPage(): ReactNode {
  const { t, f } = useWords()
  const { may } = useSession()
  const [edited, setEdited] = useState<Course | 'new'>()
  const [watched, setWatched] = useState<Course>()
  const query = useGet<{ rows: Course[] }>('/courses')
  const allowed = may('content.write')
  const button = <Permitted allowed={allowed} who={t('courses.noWrite')}>{(disabled) => <Button type="primary" disabled={disabled} onClick={() => setEdited('new')}>{t('courses.make')}</Button>}</Permitted>
  return (
    <Loaded query={query}>
      {({ rows }) => (
        <>
          <PageHead kicker={t('courses.kicker')} sentence={rows.length === 0 ? t('courses.none') : t('courses.sentence', { n: rows.filter((row) => row.state === 'open').length, passed: f.count(rows.reduce((sum, row) => sum + row.passed, 0)) })} why={t('courses.why')} actions={button} />
          {rows.length === 0 && <Card><StateBlock title={t('courses.none')} what={t('courses.noneWhat')} /></Card>}
          <div className="cards level">
            {rows.map((row) => (
              <Card key={row.courseId} span={6} title={row.title} unit={t(`courses.state.${row.state}`)} end={<Permitted allowed={allowed} who={t('courses.noWrite')}>{(disabled) => <TextLink quiet disabled={disabled} onClick={() => setEdited(row)}>{t('courses.edit')}</TextLink>}</Permitted>}>
                {row.intro !== '' && <p className="second" style={{ marginBottom: 8 }}>{row.intro}</p>}
                <ol className="list">{row.articles.map((article, n) => <li key={article.articleId} className="row between"><span className="ellipsis">{n + 1}. {article.title || f.shortId(article.articleId)}</span>{!article.hasQuiz && <span className="warn nowrap">{t('courses.noQuiz')}</span>}</li>)}</ol>
                <p className="second" style={{ marginTop: 8 }}><TextLink quiet onClick={() => setWatched(row)}>{t('courses.passed', { n: f.count(row.passed) })}</TextLink></p>
              </Card>
            ))}
          </div>
          {edited !== undefined && <EditCourse course={edited === 'new' ? undefined : edited} close={() => setEdited(undefined)} />}
          {watched !== undefined && <Passes course={watched} close={() => setWatched(undefined)} />}
        </>
      )}
    </Loaded>
  )
}

function EditCourse(props: { course: Course | undefined; close: () => void }): ReactNode {
  const { t } = useWords()
  const { tell } = useBars()
  const [courseId] = useState(() => props.course?.courseId ?? crypto.randomUUID())
  const articles = useGet<{ rows: Array<{ articleId: string; title: string; hasQuiz: boolean }> }>('/courses/articles')
  const save = useSend<{ title: string; intro?: string; state: Course['state']; articles: string[] }>('PUT', () => `/courses/${courseId}`, { refresh: ['/courses'], body: (input) => ({ ...input, intro: input.intro ?? '' }) })
  return (
    <Modal open title={props.course === undefined ? t('courses.make') : t('courses.edit')} footer={null} onCancel={props.close} destroyOnHidden>
      <Form layout="vertical" initialValues={{ title: props.course?.title ?? '', intro: props.course?.intro ?? '', state: props.course?.state ?? 'open', articles: props.course?.articles.map((one) => one.articleId) ?? [] }} onFinish={(input: { title: string; intro?: string; state: Course['state']; articles: string[] }) => save.mutate(input, { onSuccess: () => { tell(t('courses.saved')); props.close() }, onError: (error) => tell(error.message) })}>
        <Form.Item name="title" label={t('courses.form.title')} rules={[{ required: true, message: t('codes.form.need') }]}><Input maxLength={60} /></Form.Item>
        <Form.Item name="intro" label={t('courses.form.intro')}><Input.TextArea rows={2} maxLength={500} showCount /></Form.Item>
        <Form.Item name="articles" label={t('courses.form.articles')} extra={t('courses.form.articlesNote')} rules={[{ required: true, type: 'array', min: 1, message: t('codes.form.need') }]}>
          <Select mode="multiple" optionFilterProp="label" loading={articles.isLoading} options={(articles.data?.rows ?? []).map((row) => ({ value: row.articleId, label: row.title, disabled: !row.hasQuiz }))} />
        </Form.Item>
        <Form.Item name="state" label={t('courses.form.state')}><Radio.Group options={(['draft', 'open', 'closed'] as const).map((key) => ({ value: key, label: t(`courses.state.${key}`) }))} /></Form.Item>
        <Button type="primary" htmlType="submit" loading={save.isPending}>{t('courses.form.go')}</Button>
      </Form>
    </Modal>
  )
}

function Passes(props: { course: Course; close: () => void }): ReactNode {
  const { t } = useWords()
  const query = useGet<{ rows: Pass[] }>(`/courses/${props.course.courseId}/passes`)
  return (
    <Modal open title={t('courses.who', { title: props.course.title })} footer={null} onCancel={props.close} destroyOnHidden>
      <Loaded query={query}>
        {({ rows }) => (rows.length === 0 ? <p className="second">{t('courses.nobody')}</p> : <ul className="list">{rows.map((row) => <li key={row.personId} className="row between"><TextLink to={`/retain/people/${row.personId}`}>{row.name || '—'}</TextLink><When at={row.passedAt} as="table" /></li>)}</ul>)}
      </Loaded>
    </Modal>
  )
}
