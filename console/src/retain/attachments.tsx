import { useRef, useState, type ReactNode } from 'react'
import { Button, Input } from 'antd'
import { useBars } from '../kit/index.ts'
import { request } from '../lib/api.ts'
import { useSession } from '../lib/session.tsx'
import { useWords } from '../lib/words.tsx'

/** What travels beside the text, as the platform takes it: at most nine, each arrives as a message of its own. */
export type Attachment =
  | { msgtype: 'image'; image: { media_id: string }; name?: string }
  | { msgtype: 'link'; link: { title: string; url: string; desc?: string; picurl?: string } }
  | { msgtype: 'miniprogram'; miniprogram: { title: string; pic_media_id: string; appid: string; page: string } }
const most = 9

/** The platform refuses what lacks one of these. */
export function complete(one: Attachment): boolean {
  if (one.msgtype === 'image') return one.image.media_id !== ''
  if (one.msgtype === 'link') return one.link.title !== '' && /^https?:\/\//.test(one.link.url)
  const { title, pic_media_id: picture, appid, page } = one.miniprogram
  return title !== '' && new TextEncoder().encode(title).length <= 64 && picture !== '' && appid !== '' && page !== ''
}

/** Without what only this page knows. */
export const onWire = (value: readonly Attachment[]): Attachment[] => value.map((one) => (one.msgtype === 'image' ? { msgtype: one.msgtype, image: one.image } : one))

/** Pictures, links and cards of the mini program. A picture is handed to the platform at once, which keeps it for three days. */
export function Attachments(props: { value: Attachment[]; set: (value: Attachment[]) => void; disabled?: boolean }): ReactNode {
  const { t } = useWords()
  const { tell } = useBars()
  const { url, on } = useSession()
  const [busy, setBusy] = useState(false)
  const picker = useRef<HTMLInputElement>(null)
  const wanted = useRef<(mediaId: string, name: string) => void>(undefined)
  const { value, set } = props
  const change = (n: number, next: Attachment): void => set(value.map((one, at) => (at === n ? next : one)))
  const upload = async (file: File): Promise<void> => {
    if (file.size > 5_000_000) return tell(t('attach.large'))
    setBusy(true)
    try {
      const bytes = new Uint8Array(await file.arrayBuffer())
      let binary = ''
      for (let at = 0; at < bytes.length; at += 8192) binary += String.fromCharCode(...bytes.subarray(at, at + 8192))
      const { mediaId } = await request<{ mediaId: string }>('POST', url('/media'), { name: file.name, base64: btoa(binary) })
      wanted.current?.(mediaId, file.name)
    } catch (error) {
      tell((error as Error).message)
    }
    setBusy(false)
  }
  const pick = (then: (mediaId: string, name: string) => void): void => {
    wanted.current = then
    picker.current?.click()
  }
  const full = value.length >= most || props.disabled
  return (
    <div className="stack">
      <input ref={picker} type="file" accept="image/png,image/jpeg" hidden aria-label={t('attach.picture')} onChange={(event) => {
        const file = event.target.files?.[0]
        event.target.value = ''
        if (file) void upload(file)
      }} />
      {value.map((one, n) => (
        <div key={n} className="row top attachment">
          <div className="grow stack tight">
            {one.msgtype === 'image' && <span>{t('attach.pictureOf', { name: one.name ?? one.image.media_id.slice(-6) })}</span>}
            {one.msgtype === 'link' && <>
              <Input size="small" aria-label={t('attach.title')} placeholder={t('attach.title')} value={one.link.title} maxLength={60} onChange={(event) => change(n, { ...one, link: { ...one.link, title: event.target.value } })} />
              <Input size="small" aria-label={t('attach.url')} placeholder="https://" value={one.link.url} maxLength={2000} onChange={(event) => change(n, { ...one, link: { ...one.link, url: event.target.value.trim() } })} />
            </>}
            {one.msgtype === 'miniprogram' && <>
              <Input size="small" aria-label={t('attach.title')} placeholder={t('attach.title')} value={one.miniprogram.title} maxLength={32} onChange={(event) => change(n, { ...one, miniprogram: { ...one.miniprogram, title: event.target.value } })} />
              <Input size="small" aria-label={t('attach.appid')} placeholder={t('attach.appid')} value={one.miniprogram.appid} maxLength={40} onChange={(event) => change(n, { ...one, miniprogram: { ...one.miniprogram, appid: event.target.value.trim() } })} />
              <Input size="small" aria-label={t('attach.page')} placeholder="pages/home/home" value={one.miniprogram.page} maxLength={120} onChange={(event) => change(n, { ...one, miniprogram: { ...one.miniprogram, page: event.target.value.trim() } })} />
              <Button size="small" loading={busy} onClick={() => pick((mediaId) => change(n, { ...one, miniprogram: { ...one.miniprogram, pic_media_id: mediaId } }))}>{one.miniprogram.pic_media_id === '' ? t('attach.cover') : t('attach.coverAgain')}</Button>
            </>}
          </div>
          <button type="button" className="iconbutton" aria-label={t('attach.drop')} onClick={() => set(value.filter((_, at) => at !== n))}>×</button>
        </div>
      ))}
      <div className="row wrap">
        <Button size="small" disabled={full} loading={busy} onClick={() => pick((mediaId, name) => set([...value, { msgtype: 'image', image: { media_id: mediaId }, name }]))}>{t('attach.picture')}</Button>
        {on('mall') && <Button size="small" disabled={full} onClick={() => set([...value, { msgtype: 'miniprogram', miniprogram: { title: '', pic_media_id: '', appid: '', page: 'pages/home/home' } }])}>{t('attach.card')}</Button>}
        <Button size="small" disabled={full} onClick={() => set([...value, { msgtype: 'link', link: { title: '', url: '' } }])}>{t('attach.link')}</Button>
      </div>
      {value.length > 0 && <span className="second">{t('attach.note', { n: value.length, most })}</span>}
    </div>
  )
}

/** How they will look under the text. */
export function previewOf(value: readonly Attachment[]): ReactNode {
  return value.map((one, n) => <Preview key={n} one={one} />)
}
function Preview(props: { one: Attachment }): ReactNode {
  const { t } = useWords()
  const { one } = props
  if (one.msgtype === 'image') return <div className="bubble attached">{t('attach.pictureOf', { name: one.name ?? '' })}</div>
  if (one.msgtype === 'link') return <div className="bubble attached"><div className="strong">{one.link.title || t('attach.title')}</div><div className="second ellipsis">{one.link.url}</div></div>
  return <div className="bubble attached"><div className="second">{t('attach.card')}</div><div className="strong">{one.miniprogram.title || t('attach.title')}</div></div>
}
