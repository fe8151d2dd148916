import { useEffect, useRef, useState, type ReactNode } from 'react'
import { Button, Dropdown, Input, Modal } from 'antd'
import { Extension, markInputRule, Node } from '@tiptap/core'
import { DOMSerializer, Fragment, type Node as Doc } from '@tiptap/pm/model'
import { EditorContent, useEditor, type Editor } from '@tiptap/react'
import StarterKit from '@tiptap/starter-kit'
import { Icon, useBars } from '../kit/index.ts'
import { request } from '../lib/api.ts'
import { useSession } from '../lib/session.tsx'
import { useWords, type TextKey } from '../lib/words.tsx'
import { PieceModal, mediaUrl, pieceTitle, usePieces } from './article-pieces.tsx'
import type { Block, Dropped, Piece, PieceType } from './article-types.ts'

type Say = (key: TextKey, values?: Record<string, string | number>) => string

/** Everything in an article that is no text: one atom each, its content as JSON; drawn as a card, changed in a dialog. */
const pieceNode = (look: { label: (piece: Piece) => { kind: string; title: string; image?: string }; open: (piece: Piece, place: () => number | undefined) => void }) => Node.create({
  name: 'piece', group: 'block', atom: true, draggable: true, selectable: true,
  addAttributes: () => ({ json: { default: '', parseHTML: (element: HTMLElement) => element.getAttribute('data-piece') ?? '', renderHTML: (attributes: Record<string, string>) => ({ 'data-piece': attributes.json }) } }),
  parseHTML: () => [{ tag: 'div[data-piece]' }],
  renderHTML: ({ HTMLAttributes }) => ['div', HTMLAttributes],
  addNodeView: () => ({ node, getPos }) => {
    const piece = JSON.parse(node.attrs.json as string) as Piece
    const card = document.createElement('div')
    card.className = 'callout row'
    card.contentEditable = 'false'
    const { kind, title, image } = look.label(piece)
    if (image !== undefined) {
      const picture = document.createElement('img')
      picture.src = image
      picture.alt = ''
      picture.style.cssText = 'width:72px;height:54px;object-fit:cover;flex:none'
      card.append(picture)
    }
    const words = document.createElement('span')
    words.style.flex = '1'
    const name = document.createElement('span')
    name.className = 'tag'
    name.textContent = kind
    words.append(name, ` ${title}`)
    card.append(words)
    if (piece.type !== 'paywall') {
      card.style.cursor = 'pointer'
      card.addEventListener('click', () => look.open(piece, getPos as () => number | undefined))
    }
    return { dom: card }
  },
})

/** Marks of Markdown right after a Chinese character: the editor's own rules want a space before them. */
const tightMarks = Extension.create({
  name: 'tightMarks',
  addInputRules() {
    return [markInputRule({ find: /(?:^|[^*])(\*\*(?!\s)([^*]+)\*\*)$/, type: this.editor.schema.marks.bold }), markInputRule({ find: /(?:^|[^~])(~~(?!\s)([^~]+)~~)$/, type: this.editor.schema.marks.strike })]
  },
})

const attribute = (json: string): string => json.replace(/&/g, '&amp;').replace(/"/g, '&quot;').replace(/</g, '&lt;').replace(/>/g, '&gt;')
const asHtml = (blocks: readonly Block[]): string => blocks.map((block) => (block.type === 'text' ? block.html : `<div data-piece="${attribute(JSON.stringify(block))}"></div>`)).join('')

/** The document as blocks: runs of text as HTML, pieces as they are. */
function asBlocks(editor: Editor): Block[] {
  const blocks: Block[] = []
  const serializer = DOMSerializer.fromSchema(editor.schema)
  let run: Doc[] = []
  const flush = (): void => {
    if (run.length === 0) return
    const box = document.createElement('div')
    box.append(serializer.serializeFragment(Fragment.fromArray(run)))
    const html = box.innerHTML.replace(/<p><\/p>/g, '')
    if (html !== '') blocks.push({ type: 'text', html })
    run = []
  }
  editor.state.doc.forEach((node) => {
    if (node.type.name === 'piece') {
      flush()
      blocks.push(JSON.parse(node.attrs.json as string) as Block)
    } else run.push(node)
  })
  flush()
  return blocks
}

const pieceTypes: readonly PieceType[] = ['image', 'quiz', 'case', 'playbook', 'product', 'mini', 'contact', 'paywall']

/** Rich text with pieces; Markdown marks work while typing, whole Markdown comes in by its own dialog; what is pasted from Word or WeChat is cleaned by the server first. */
export function ArticleEditor(props: { blocks: readonly Block[]; onChange: (blocks: Block[]) => void; disabled?: boolean }): ReactNode {
  const { t } = useWords()
  const { tenant, url } = useSession()
  const { tell } = useBars()
  const pieces = usePieces()
  const [open, setOpen] = useState<{ type: PieceType; old?: Piece; place?: () => number | undefined }>()
  const [markdown, setMarkdown] = useState<string>()
  const [linking, setLinking] = useState<string>()
  const names = useRef(pieces.data)
  names.current = pieces.data
  const change = useRef(props.onChange)
  change.current = props.onChange
  const editorRef = useRef<Editor | null>(null)
  const say = t as Say
  const told = (dropped: readonly Dropped[]): void => {
    if (dropped.length > 0) tell(t('editor.dropped', { what: dropped.map((one) => `${t(`editor.dropped.${one.what}`)} ${one.count}`).join(' · ') }))
  }
  const editor = useEditor({
    extensions: [
      tightMarks,
      StarterKit.configure({ heading: { levels: [2, 3] }, link: { openOnClick: false, autolink: true, protocols: ['http', 'https'] } }),
      pieceNode({
        label: (piece) => ({ kind: say(`piece.${piece.type}`), title: pieceTitle(piece, names.current, say), ...(piece.type === 'image' ? { image: mediaUrl(tenant.slug, piece.sha256) } : {}) }),
        open: (piece, place) => setOpen({ type: piece.type, old: piece, place }),
      }),
    ],
    content: asHtml(props.blocks),
    editable: props.disabled !== true,
    onUpdate: ({ editor: now }) => change.current(asBlocks(now as Editor)),
    editorProps: {
      attributes: { class: 'prose', 'aria-label': say('editor.body'), role: 'textbox', 'aria-multiline': 'true' },
      handlePaste: (_view, event) => {
        const html = event.clipboardData?.getData('text/html') ?? ''
        // Word and the WeChat editor write their own dialects; the server knows them.
        if (!/mso-|<o:p>|urn:schemas-microsoft|<section|rich_pages|data-tools|style=/i.test(html)) return false
        event.preventDefault()
        void request<{ html: string; dropped: Dropped[] }>('POST', url('/articles/clean'), { html: html.slice(0, 2_000_000) })
          .then(({ html: clean, dropped }) => {
            editorRef.current?.commands.insertContent(clean)
            told(dropped)
          })
          .catch((error: Error) => tell(error.message))
        return true
      },
    },
  }, [])
  editorRef.current = editor as Editor | null
  // Names of cases and products may come after the text: pieces are drawn again with them.
  useEffect(() => {
    if (editor && pieces.data && props.blocks.some((block) => block.type === 'case' || block.type === 'product' || block.type === 'playbook')) editor.commands.setContent(asHtml(asBlocks(editor as Editor)), { emitUpdate: false })
  }, [editor, pieces.data]) // eslint-disable-line react-hooks/exhaustive-deps
  if (!editor) return <div className="skeleton" style={{ height: 320 }} />
  const put = (piece: Piece): void => {
    const json = JSON.stringify(piece)
    const at = open?.place?.()
    if (at !== undefined) editor.view.dispatch(editor.state.tr.setNodeMarkup(at, undefined, { json }))
    else editor.chain().focus().insertContent({ type: 'piece', attrs: { json } }).run()
    // A changed card is drawn anew only as a new node.
    if (at !== undefined) editor.commands.setContent(asHtml(asBlocks(editor as Editor)))
    setOpen(undefined)
  }
  const link = (href: string): void => {
    setLinking(undefined)
    if (href.trim() === '') editor.chain().focus().unsetLink().run()
    else editor.chain().focus().setLink({ href: href.trim() }).run()
  }
  const tool = (key: string, label: string, on: boolean, run: () => void): ReactNode => <button key={key} type="button" className={`chip${on ? ' on' : ''}`} aria-pressed={on} disabled={props.disabled} onMouseDown={(event) => event.preventDefault()} onClick={run}>{label}</button>
  return (
    <div className="stack">
      <div className="filters" role="toolbar" aria-label={t('editor.tools')} style={{ marginBottom: 0 }}>
        {tool('h2', t('editor.h2'), editor.isActive('heading', { level: 2 }), () => editor.chain().focus().toggleHeading({ level: 2 }).run())}
        {tool('h3', t('editor.h3'), editor.isActive('heading', { level: 3 }), () => editor.chain().focus().toggleHeading({ level: 3 }).run())}
        {tool('b', t('editor.bold'), editor.isActive('bold'), () => editor.chain().focus().toggleBold().run())}
        {tool('ul', t('editor.list'), editor.isActive('bulletList'), () => editor.chain().focus().toggleBulletList().run())}
        {tool('ol', t('editor.numbers'), editor.isActive('orderedList'), () => editor.chain().focus().toggleOrderedList().run())}
        {tool('q', t('editor.quote'), editor.isActive('blockquote'), () => editor.chain().focus().toggleBlockquote().run())}
        {tool('a', t('editor.link'), editor.isActive('link'), () => setLinking(String(editor.getAttributes('link').href ?? '')))}
        <Dropdown trigger={['click']} disabled={props.disabled} menu={{ items: pieceTypes.map((key) => ({ key, label: t(`piece.${key}`) })), onClick: ({ key }) => (key === 'paywall' ? put({ type: 'paywall' }) : setOpen({ type: key as PieceType })) }}>
          <button type="button" className="chip">{t('editor.put')}<Icon name="down" size={14} /></button>
        </Dropdown>
        {tool('md', t('editor.markdown'), false, () => setMarkdown(''))}
      </div>
      <div className="editorbox"><EditorContent editor={editor} /></div>
      <PieceModal type={open?.type} old={open?.old} pieces={pieces.data} onDone={put} onCancel={() => setOpen(undefined)} />
      <Modal open={linking !== undefined} title={t('editor.link')} footer={null} onCancel={() => setLinking(undefined)} destroyOnHidden>
        <div className="stack wide">
          <label className="field"><span>{t('editor.linkTo')}</span><Input value={linking ?? ''} maxLength={1000} placeholder="https://" onChange={(event) => setLinking(event.target.value)} onPressEnter={() => link(linking ?? '')} /></label>
          <div className="row"><Button type="primary" onClick={() => link(linking ?? '')}>{t('piece.put')}</Button><Button onClick={() => setLinking(undefined)}>{t('piece.cancel')}</Button></div>
        </div>
      </Modal>
      <MarkdownModal value={markdown} set={setMarkdown} onDone={(html) => { editor.chain().focus().insertContent(html).run(); setMarkdown(undefined) }} told={told} />
    </div>
  )
}

type Preview = { problems: Array<{ where: string; zh: string; en: string }>; dropped: Dropped[]; blocks: Array<{ type: string; html?: string }> }

/** Markdown beside what it becomes. */
function MarkdownModal(props: { value: string | undefined; set: (value: string | undefined) => void; onDone: (html: string) => void; told: (dropped: readonly Dropped[]) => void }): ReactNode {
  const { t } = useWords()
  const { url, tenant } = useSession()
  const [shown, setShown] = useState<Preview>()
  useEffect(() => {
    if (props.value === undefined || props.value.trim() === '') return setShown(undefined)
    const timer = setTimeout(() => {
      void request<Preview>('POST', url('/articles/preview'), { title: 'x', blocks: [{ type: 'markdown', text: props.value }] }).then(setShown).catch(() => setShown(undefined))
    }, 400)
    return () => clearTimeout(timer)
  }, [props.value, url, tenant])
  const html = (shown?.blocks ?? []).map((block) => (block.type === 'text' ? (block.html ?? '') : `<div data-piece="${attribute(JSON.stringify(block))}"></div>`)).join('')
  return (
    <Modal open={props.value !== undefined} width={920} title={t('editor.markdown')} footer={null} onCancel={() => props.set(undefined)} destroyOnHidden>
      <div className="stack wide">
        <p className="second">{t('editor.markdownWhat')}</p>
        <div className="cards level">
          <div className="c6"><Input.TextArea rows={16} value={props.value ?? ''} aria-label={t('editor.markdown')} onChange={(event) => props.set(event.target.value)} /></div>
          {/* Cleaned by the server to an allow-list before it comes here. */}
          <div className="c6 prose" aria-live="polite" dangerouslySetInnerHTML={{ __html: (shown?.blocks ?? []).map((block) => (block.type === 'text' ? (block.html ?? '') : '')).join('') }} />
        </div>
        <div className="row"><Button type="primary" disabled={html === ''} onClick={() => { props.told(shown?.dropped ?? []); props.onDone(html) }}>{t('editor.markdownGo')}</Button><Button onClick={() => props.set(undefined)}>{t('piece.cancel')}</Button></div>
      </div>
    </Modal>
  )
}
