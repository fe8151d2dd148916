import { useRef, useState, type ReactNode } from 'react'
import { Button, Input, InputNumber, Modal, Radio, Select } from 'antd'
import { useBars } from '../kit/index.ts'
import { request } from '../lib/api.ts'
import { useGet, useSession } from '../lib/session.tsx'
import { useWords, type TextKey } from '../lib/words.tsx'
import type { Piece, PieceType } from './article-types.ts'

/** Longest side of a picture that is sent, in points: as wide as any page shows it twice over. */
const longestSide = 1600
const asIs = 300_000

/** Makes a picture small enough before it travels; GIFs keep moving, small ones stay as they are. The server looks at it again. */
export async function shrink(file: File): Promise<{ base64: string; contentType: string }> {
  const read = async (blob: Blob): Promise<string> => {
    const bytes = new Uint8Array(await blob.arrayBuffer())
    let text = ''
    for (let at = 0; at < bytes.length; at += 32_768) text += String.fromCharCode(...bytes.subarray(at, at + 32_768))
    return btoa(text)
  }
  if (file.type === 'image/gif' || file.type === 'image/svg+xml' || !file.type.startsWith('image/') || (file.size < asIs && (file.type === 'image/png' || file.type === 'image/jpeg'))) return { base64: await read(file), contentType: file.type }
  const picture = await createImageBitmap(file).catch(() => undefined)
  if (picture === undefined) return { base64: await read(file), contentType: file.type }
  const scale = Math.min(1, longestSide / Math.max(picture.width, picture.height))
  const canvas = document.createElement('canvas')
  canvas.width = Math.round(picture.width * scale)
  canvas.height = Math.round(picture.height * scale)
  canvas.getContext('2d')?.drawImage(picture, 0, 0, canvas.width, canvas.height)
  const blob = await new Promise<Blob | null>((done) => canvas.toBlob(done, 'image/jpeg', 0.86))
  return blob ? { base64: await read(blob), contentType: 'image/jpeg' } : { base64: await read(file), contentType: file.type }
}

export const mediaUrl = (slug: string, sha256: string): string => `/media/${slug}/${sha256}`

/** A picture with where it is from: without that it is not taken. */
export function PictureForm(props: { onDone: (piece: Extract<Piece, { type: 'image' }>) => void; old?: Extract<Piece, { type: 'image' }>; onCancel: () => void }): ReactNode {
  const { t } = useWords()
  const { url, tenant } = useSession()
  const { tell } = useBars()
  const picker = useRef<HTMLInputElement>(null)
  const [piece, setPiece] = useState(props.old ?? { type: 'image' as const, sha256: '', alt: '', source: '', licence: '' })
  const [file, setFile] = useState<File>()
  const [busy, setBusy] = useState(false)
  const done = async (): Promise<void> => {
    setBusy(true)
    try {
      if (file === undefined) props.onDone(piece)
      else {
        const { sha256 } = await request<{ sha256: string }>('POST', url('/images'), { ...(await shrink(file)), source: piece.source, licence: piece.licence })
        props.onDone({ ...piece, sha256 })
      }
    } catch (error) {
      tell((error as Error).message)
    } finally {
      setBusy(false)
    }
  }
  return (
    <div className="stack wide">
      <input ref={picker} type="file" accept="image/png,image/jpeg,image/gif,image/webp" hidden aria-label={t('piece.image.choose')} onChange={(event) => setFile(event.target.files?.[0])} />
      <div className="row wrap"><Button onClick={() => picker.current?.click()}>{t('piece.image.choose')}</Button><span className="second">{file?.name ?? (piece.sha256 === '' ? t('piece.image.none') : piece.sha256.slice(0, 8))}</span></div>
      {piece.sha256 !== '' && file === undefined && <img src={mediaUrl(tenant.slug, piece.sha256)} alt={piece.alt} style={{ maxWidth: '100%', maxHeight: 220, objectFit: 'contain' }} />}
      <label className="field"><span>{t('piece.image.source')}</span><Input value={piece.source} maxLength={200} placeholder={t('piece.image.sourceHint')} onChange={(event) => setPiece({ ...piece, source: event.target.value })} /></label>
      <label className="field"><span>{t('piece.image.licence')}</span><Input value={piece.licence} maxLength={100} placeholder={t('piece.image.licenceHint')} onChange={(event) => setPiece({ ...piece, licence: event.target.value })} /></label>
      <label className="field"><span>{t('piece.image.alt')}</span><Input value={piece.alt} maxLength={200} onChange={(event) => setPiece({ ...piece, alt: event.target.value })} /></label>
      <div className="row"><Button type="primary" loading={busy} disabled={(file === undefined && piece.sha256 === '') || piece.source.trim() === ''} onClick={() => void done()}>{t('piece.put')}</Button><Button onClick={props.onCancel}>{t('piece.cancel')}</Button></div>
    </div>
  )
}

type Pieces = Record<'cases' | 'playbooks' | 'products', Array<{ id: string; title: string }>>
const listOf = { case: 'cases', playbook: 'playbooks', product: 'products' } as const
const idKey = { case: 'caseId', playbook: 'playbookId', product: 'productId' } as const

/** What stands for a piece inside the text. */
export function pieceTitle(piece: Piece, names: Pieces | undefined, t: (key: TextKey, values?: Record<string, string | number>) => string): string {
  switch (piece.type) {
    case 'image': return piece.alt || piece.source
    case 'quiz': return piece.question
    case 'mini': return piece.title
    case 'contact': return piece.text
    case 'paywall': return t('piece.paywall.what')
    case 'case': case 'playbook': case 'product': {
      const id = (piece as Record<string, string>)[idKey[piece.type]]
      return names?.[listOf[piece.type]].find((one) => one.id === id)?.title ?? id.slice(-6)
    }
  }
}

/** One piece, made or changed. References are chosen, never typed: their figures come from the data. */
export function PieceModal(props: { type: PieceType | undefined; old?: Piece; pieces: Pieces | undefined; onDone: (piece: Piece) => void; onCancel: () => void }): ReactNode {
  const { t } = useWords()
  return (
    <Modal open={props.type !== undefined && props.type !== 'paywall'} title={props.type && t(`piece.${props.type}`)} footer={null} onCancel={props.onCancel} destroyOnHidden>
      {props.type === 'image' && <PictureForm old={props.old as Extract<Piece, { type: 'image' }> | undefined} onDone={props.onDone} onCancel={props.onCancel} />}
      {props.type === 'quiz' && <QuizForm {...props} old={props.old as Extract<Piece, { type: 'quiz' }> | undefined} />}
      {(props.type === 'case' || props.type === 'playbook' || props.type === 'product') && <ReferenceForm {...props} type={props.type} />}
      {props.type === 'mini' && <MiniForm {...props} old={props.old as Extract<Piece, { type: 'mini' }> | undefined} />}
      {props.type === 'contact' && <ContactForm {...props} old={props.old as Extract<Piece, { type: 'contact' }> | undefined} />}
    </Modal>
  )
}

function Buttons(props: { ready: boolean; onDone: () => void; onCancel: () => void }): ReactNode {
  const { t } = useWords()
  return <div className="row"><Button type="primary" disabled={!props.ready} onClick={props.onDone}>{t('piece.put')}</Button><Button onClick={props.onCancel}>{t('piece.cancel')}</Button></div>
}

function QuizForm(props: { old?: Extract<Piece, { type: 'quiz' }>; onDone: (piece: Piece) => void; onCancel: () => void }): ReactNode {
  const { t } = useWords()
  const [quiz, setQuiz] = useState(props.old ?? { type: 'quiz' as const, key: '', question: '', options: ['', ''], right: 0, section: 0 })
  const option = (n: number, value: string): void => setQuiz({ ...quiz, options: quiz.options.map((one, at) => (at === n ? value : one)) })
  return (
    <div className="stack wide">
      <label className="field"><span>{t('piece.quiz.question')}</span><Input.TextArea rows={2} maxLength={400} value={quiz.question} onChange={(event) => setQuiz({ ...quiz, question: event.target.value })} /></label>
      <Radio.Group value={quiz.right} onChange={(event) => setQuiz({ ...quiz, right: event.target.value as number })} aria-label={t('piece.quiz.right')}>
        <div className="stack">
          {quiz.options.map((value, n) => <div className="row" key={n}><Radio value={n} aria-label={t('piece.quiz.rightIs', { n: n + 1 })} /><Input value={value} maxLength={200} placeholder={t('piece.quiz.option', { n: n + 1 })} aria-label={t('piece.quiz.option', { n: n + 1 })} onChange={(event) => option(n, event.target.value)} />{quiz.options.length > 2 && <button type="button" className="textlink second" onClick={() => setQuiz({ ...quiz, options: quiz.options.filter((_, at) => at !== n), right: 0 })}>{t('rules.drop')}</button>}</div>)}
        </div>
      </Radio.Group>
      {quiz.options.length < 6 && <div><button type="button" className="textlink" onClick={() => setQuiz({ ...quiz, options: [...quiz.options, ''] })}>{t('piece.quiz.more')}</button></div>}
      <label className="field"><span>{t('piece.quiz.section')}</span><InputNumber min={0} max={99} value={quiz.section} onChange={(value) => setQuiz({ ...quiz, section: value ?? 0 })} /></label>
      <Buttons ready={quiz.question.trim() !== '' && quiz.options.every((one) => one.trim() !== '')} onDone={() => props.onDone(quiz)} onCancel={props.onCancel} />
    </div>
  )
}

function ReferenceForm(props: { type: 'case' | 'playbook' | 'product'; old?: Piece; pieces: Pieces | undefined; onDone: (piece: Piece) => void; onCancel: () => void }): ReactNode {
  const { t } = useWords()
  const [id, setId] = useState<string | undefined>(props.old && (props.old as Record<string, string>)[idKey[props.type]])
  const rows = props.pieces?.[listOf[props.type]] ?? []
  return (
    <div className="stack wide">
      <p className="second">{t(`piece.${props.type}.what`)}</p>
      <Select showSearch optionFilterProp="label" value={id} onChange={setId} placeholder={rows.length === 0 ? t('piece.noneYet') : t('piece.choose')} options={rows.map((row) => ({ value: row.id, label: row.title }))} aria-label={t(`piece.${props.type}`)} />
      <Buttons ready={id !== undefined} onDone={() => props.onDone({ type: props.type, [idKey[props.type]]: id } as Piece)} onCancel={props.onCancel} />
    </div>
  )
}

function MiniForm(props: { old?: Extract<Piece, { type: 'mini' }>; onDone: (piece: Piece) => void; onCancel: () => void }): ReactNode {
  const { t } = useWords()
  const [mini, setMini] = useState(props.old ?? { type: 'mini' as const, title: '', path: '', appid: '', sha256: null })
  return (
    <div className="stack wide">
      <label className="field"><span>{t('attach.title')}</span><Input value={mini.title} maxLength={60} onChange={(event) => setMini({ ...mini, title: event.target.value })} /></label>
      <label className="field"><span>{t('attach.page')}</span><Input value={mini.path} maxLength={200} placeholder="pages/home/home" onChange={(event) => setMini({ ...mini, path: event.target.value })} /></label>
      <label className="field"><span>{t('attach.appid')}</span><Input value={mini.appid} maxLength={40} onChange={(event) => setMini({ ...mini, appid: event.target.value })} /></label>
      <Buttons ready={mini.title.trim() !== '' && mini.path.trim() !== ''} onDone={() => props.onDone(mini)} onCancel={props.onCancel} />
    </div>
  )
}

function ContactForm(props: { old?: Extract<Piece, { type: 'contact' }>; onDone: (piece: Piece) => void; onCancel: () => void }): ReactNode {
  const { t } = useWords()
  const [words, setWords] = useState(props.old?.text ?? '')
  return (
    <div className="stack wide">
      <p className="second">{t('piece.contact.what')}</p>
      <label className="field"><span>{t('piece.contact.text')}</span><Input value={words} maxLength={80} onChange={(event) => setWords(event.target.value)} /></label>
      <Buttons ready onDone={() => props.onDone({ type: 'contact', text: words })} onCancel={props.onCancel} />
    </div>
  )
}

export const usePieces = () => useGet<Pieces>('/articles/pieces')
