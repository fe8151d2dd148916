import { createHash } from 'node:crypto'
import { cssVariables, palettes } from '../../../console/src/ui/tokens.ts'

/**
 * The looks of the reading room: colours, type and space of the console's tokens, as CSS. One column; the theme follows the device unless the reader
 * chose one.
 */
const variables = (mode: 'light' | 'dark', selector: string): string => cssVariables(mode, 'zh').replace(':root', selector)

const rules = `
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%;text-size-adjust:100%;scroll-padding-top:72px}
body{margin:0;background:var(--page);color:var(--ink);font:400 17px/30px var(--font);font-variant-numeric:tabular-nums;text-autospace:normal;overflow-wrap:anywhere;-webkit-font-smoothing:antialiased}
h1,h2,h3,p,ul,ol,dl,dd,figure,blockquote,pre,fieldset{margin:0;padding:0}
fieldset{border:0;min-width:0}
ul,ol{list-style:none}
img,svg,video{max-width:100%;height:auto;display:block}
a{color:inherit;text-decoration-line:underline;text-decoration-color:var(--strongLine);text-underline-offset:4px;text-decoration-thickness:1px}
a:hover{text-decoration-color:var(--ink)}
a:focus-visible,button:focus-visible,input:focus-visible,textarea:focus-visible,select:focus-visible,summary:focus-visible,[tabindex]:focus-visible{outline:2px solid var(--acquire);outline-offset:2px;border-radius:var(--r-tag)}
.skip{position:absolute;left:-999px;top:8px;background:var(--card);padding:8px 16px;border-radius:var(--r-control);z-index:9}
.skip:focus{left:8px}
.quiet{color:var(--ink2);font:var(--t-second)}
.small{font:var(--t-second);color:var(--ink2)}
.third{color:var(--ink3)}
.nowrap{white-space:nowrap}
.visually-hidden{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}

.top{background:var(--card);border-bottom:1px solid var(--line);position:sticky;top:0;z-index:5}
.top>div{max-width:712px;margin:0 auto;padding:0 16px;min-height:56px;display:flex;align-items:center;gap:4px 20px;flex-wrap:wrap}
.brand{font-weight:600;font-size:17px;text-decoration:none;display:flex;align-items:center;gap:8px;min-height:44px}
.top nav{display:flex;gap:4px 20px;flex:1;font:var(--t-body);font-size:15px}
.top nav a,.top .mine a{text-decoration:none;color:var(--ink2);display:inline-flex;align-items:center;min-height:44px}
.top nav a[aria-current],.top .mine a[aria-current]{color:var(--ink);font-weight:600}
.top nav a:hover,.top .mine a:hover{color:var(--ink)}
.mine{display:flex;gap:16px;align-items:center;font-size:15px;line-height:24px}
.sea{border:1px dashed var(--acquire);color:var(--acquire);border-radius:999px;font:var(--t-axis);padding:1px 10px;white-space:nowrap}
.feather{display:inline-flex;align-items:center;gap:5px;white-space:nowrap}
.feather svg{width:14px;height:14px;flex:none}

main{max-width:712px;margin:0 auto;padding:32px 16px 64px}
main>*+*{margin-top:16px}
#said:empty{display:none}
#said:empty+*{margin-top:0}
#said:focus{outline:none}
.pick{position:relative}
.pick input{position:absolute;inset:0;opacity:0;cursor:pointer}
.pick:focus-within{outline:2px solid var(--acquire);outline-offset:2px}
.foot{border-top:1px solid var(--line);color:var(--ink2);font:var(--t-second)}
.foot>div{max-width:712px;margin:0 auto;padding:16px;display:flex;flex-wrap:wrap;gap:4px 20px;align-items:center}
.foot a,.foot button{color:var(--ink2);min-height:44px;display:inline-flex;align-items:center}
.foot form{display:inline-flex;gap:4px 20px;flex-wrap:wrap}
.foot .last{margin-left:auto}
.linkish{background:none;border:0;font:inherit;color:inherit;padding:0;cursor:pointer;text-decoration:underline;text-decoration-color:var(--strongLine);text-underline-offset:4px}
.linkish:hover{text-decoration-color:var(--ink)}
.linkish[aria-pressed=true]{text-decoration:none;color:var(--ink);font-weight:600}

h1{font:var(--t-sentence);text-wrap:balance}
h1.title{font-size:28px;line-height:42px}
h2{font-size:20px;line-height:32px;font-weight:600;margin-top:40px}
h3{font-size:17px;line-height:28px;font-weight:600}
.lead{color:var(--ink2)}
.card{background:var(--card);border:1px solid var(--line);border-radius:var(--r-card);box-shadow:var(--shadow-card);padding:20px 24px}
.card>*+*{margin-top:12px}
.card h2,.card h3{margin-top:0;font:var(--t-cardTitle)}
article>*+*{margin-top:16px}
article>.prose,article>.card.paid{margin-top:24px}
#comments>h2+*{margin-top:12px}
.card.tint{background:var(--learnTint);border-color:transparent;box-shadow:none}
.row{display:flex;gap:8px 16px;align-items:center;flex-wrap:wrap}
.row.apart{justify-content:space-between}
.row .grow{flex:1;min-width:0}
.stack>*+*{margin-top:8px}
.lines>li,.lines>div{padding:12px 0;border-top:1px solid var(--line)}
.lines>:first-child{border-top:0}
.empty{color:var(--ink2);padding:32px 0}

.btn{display:inline-flex;align-items:center;justify-content:center;gap:6px;min-height:40px;padding:7px 18px;border-radius:var(--r-control);border:1px solid var(--ink);background:var(--ink);color:var(--onInk);font:400 15px/24px var(--font);cursor:pointer;text-decoration:none;white-space:nowrap;transition:background var(--fast,.14s) ease-out}
.btn:hover{background:var(--inkHover);border-color:var(--inkHover)}
.btn.plain{background:var(--card);color:var(--ink);border-color:var(--fieldBorder)}
.btn.plain:hover{background:var(--selected)}
.btn[aria-pressed=true]{background:var(--selected);border-color:var(--ink);color:var(--ink)}
.btn[disabled]{opacity:.5;cursor:default}
.btn.danger{background:var(--card);color:var(--danger);border-color:var(--dangerLine)}
label.field{display:block}
label.field>span,legend{display:block;font:var(--t-second);color:var(--ink2);margin-bottom:4px}
input[type=text],input[type=tel],input[type=search],input[type=url],textarea,select{width:100%;border:1px solid var(--fieldBorder);border-radius:var(--r-control);background:var(--card);color:var(--ink);font:400 16px/24px var(--font);padding:9px 12px;min-height:44px}
textarea{min-height:104px;resize:vertical}
input[type=radio],input[type=checkbox]{width:18px;height:18px;accent-color:var(--ink);flex:none;margin:0}
.choice{display:flex;align-items:flex-start;gap:10px;padding:9px 0;min-height:44px;cursor:pointer}
.choice input{margin-top:6px}
.formrow{display:flex;gap:8px;flex-wrap:wrap;align-items:flex-end}
.formrow>label{flex:1;min-width:180px}

.tabs{display:flex;gap:4px 24px;border-bottom:1px solid var(--line);font-size:15px;overflow-x:auto;scrollbar-width:none}
.tabs a{text-decoration:none;color:var(--ink2);padding:8px 0;min-height:44px;white-space:nowrap;border-bottom:2px solid transparent;margin-bottom:-1px}
.tabs a[aria-current]{color:var(--ink);font-weight:600;border-color:var(--ink)}
.list>li{padding:20px 0;border-top:1px solid var(--line)}
.list>li:first-child{border-top:0}
.list h2{margin:0;font-size:19px;line-height:30px;display:-webkit-box;-webkit-box-orient:vertical;-webkit-line-clamp:2;overflow:hidden}
.list h2 a{text-decoration:none}
.list h2 a:hover{text-decoration:underline;text-decoration-color:var(--strongLine);text-underline-offset:5px}
.list .sum{color:var(--ink2);font-size:15px;line-height:26px;margin-top:4px;display:-webkit-box;-webkit-box-orient:vertical;-webkit-line-clamp:2;overflow:hidden}
.list .figure{font-size:15px;line-height:24px;margin-top:6px}
.meta{font:var(--t-second);color:var(--ink3);margin-top:6px;display:flex;flex-wrap:wrap;gap:0 14px}
.meta a{color:var(--ink2);text-decoration:none}
.meta a:hover{text-decoration:underline}

.author{display:flex;gap:12px;align-items:center}
.face{width:44px;height:44px;border-radius:50%;background:var(--selected);color:var(--ink2);display:inline-flex;align-items:center;justify-content:center;font-weight:600;font-size:17px;flex:none;overflow:hidden}
.face img{width:100%;height:100%;object-fit:cover}
.face.big{width:64px;height:64px;font-size:24px}
.author .who{min-width:0;flex:1;font-size:15px;line-height:24px}
.author .who b{font-weight:600}
.author .who span{display:block;color:var(--ink2);font:var(--t-second)}
.prose>*+*{margin-top:18px}
.prose h2{margin-top:40px;display:flex;gap:12px}
.prose h2 .no{color:var(--ink3);font-weight:400}
.prose>ul,.prose>ol{padding-left:1.4em}
.prose>ul>li{list-style:disc}
.prose>ol>li{list-style:decimal}
.prose>ul>li+li,.prose>ol>li+li{margin-top:6px}
.prose blockquote{border-left:3px solid var(--strongLine);padding-left:16px;color:var(--ink2)}
.prose pre,.prose code{font:400 14px/24px var(--mono)}
.prose pre{background:var(--selected);border-radius:var(--r-control);padding:12px 16px;overflow-x:auto}
.prose table{border-collapse:collapse;font-size:15px;line-height:24px;display:block;overflow-x:auto}
.prose th,.prose td{border-bottom:1px solid var(--line);padding:8px 12px 8px 0;text-align:left;vertical-align:top}
figure img{border-radius:var(--r-card);width:100%;background:var(--selected)}
figcaption{font:var(--t-axis);color:var(--ink3);margin-top:6px}
.chain{display:grid;grid-template-columns:repeat(auto-fit,minmax(104px,1fr));gap:12px 16px;font-size:15px;line-height:24px}
.chain b:first-child{display:block;font:var(--t-axis);color:var(--ink2);font-weight:400}
.badge{font:var(--t-axis);border:1px solid var(--ink);border-radius:var(--r-tag);padding:1px 8px;white-space:nowrap}
.badge.solid{background:var(--ink);color:var(--onInk)}
.badge.soft{border-color:var(--strongLine);color:var(--ink2)}
.fade{position:relative;max-height:150px;overflow:hidden;-webkit-mask-image:linear-gradient(#000 30%,transparent);mask-image:linear-gradient(#000 30%,transparent)}
.stars{display:inline-flex;gap:4px}
.stars button{background:none;border:1px solid var(--fieldBorder);border-radius:var(--r-control);min-width:44px;min-height:44px;font:400 16px/24px var(--font);color:var(--ink);cursor:pointer}
.stars button:hover{background:var(--selected)}
.stars button[aria-pressed=true]{background:var(--selected);border-color:var(--ink);box-shadow:inset 0 0 0 1px var(--ink);font-weight:600}
.comment{padding:16px 0;border-top:1px solid var(--line)}
.comment .who{font:var(--t-second);color:var(--ink2);display:flex;gap:4px 12px;flex-wrap:wrap}
.comment .who b{color:var(--ink);font-weight:600}
.comment p{font-size:16px;line-height:28px;white-space:pre-line}
.comment .replies{border-left:2px solid var(--line);padding-left:16px;margin-top:8px}
.comment .replies .comment{padding:10px 0;border-top:0}
.comment details summary,.acts summary{font:var(--t-second);color:var(--ink2);cursor:pointer;min-height:32px;display:inline-flex;align-items:center}
.waiting{color:var(--warn)}
.note{border-radius:var(--r-control);padding:10px 16px;font-size:15px;line-height:26px;background:var(--selected)}
.note.ok{background:var(--okTint);color:var(--ok)}
.note.warn{background:var(--warnTint);color:var(--warn)}
.note b{font-weight:600}
.acts{display:flex;gap:8px;flex-wrap:wrap}
.qr{background:#fff;padding:12px;border-radius:var(--r-control);width:160px;flex:none}
.two{display:grid;grid-template-columns:repeat(auto-fill,minmax(260px,1fr));gap:16px}
.two .card{display:flex;flex-direction:column}
.two .card .end{margin-top:auto;padding-top:12px}
.figurebig{font:var(--t-figure)}
table.plain{width:100%;border-collapse:collapse;font-size:15px;line-height:24px}
table.plain th{font:var(--t-second);color:var(--ink2);text-align:left;padding:8px 12px 8px 0;border-bottom:1px solid var(--strongLine)}
table.plain td{padding:10px 12px 10px 0;border-bottom:1px solid var(--line);vertical-align:top}
table.plain .num{text-align:right;padding-right:0;white-space:nowrap}
.code{font:600 18px/28px var(--mono);letter-spacing:0;background:var(--selected);border-radius:var(--r-control);padding:8px 14px;display:inline-block;user-select:all}
mark{background:var(--warnTint);color:var(--warn);padding:0 2px;border-radius:2px}
dialog{border:0;border-radius:var(--r-sheet);padding:24px;max-width:440px;width:calc(100% - 32px);background:var(--popover);color:var(--ink);box-shadow:var(--shadow-pop);font-size:16px;line-height:28px}
dialog::backdrop{background:rgba(16,24,31,.4)}
dialog h2{margin-top:0}
dialog>*+*{margin-top:12px}
.toc{columns:2;font-size:15px}
.toc a{text-decoration:none}
[hidden]{display:none!important}
.js-only{display:none}
.js .js-only{display:revert}
.js .no-js{display:none}
@media (max-width:767px){
 body{font-size:17px}
 .top{position:static}
 .top>div{min-height:0;padding:0 16px}
 .brand{flex:1}
 .top nav{order:3;flex-basis:100%;border-top:1px solid var(--line);margin:0 -16px;padding:0 16px;overflow-x:auto;scrollbar-width:none;gap:24px}
 .top nav a{white-space:nowrap}
 main{padding:20px 16px 48px}
 h1{font:var(--t-sentencePhone)}
 h1.title{font-size:24px;line-height:36px}
 h2{margin-top:32px}
 .card{padding:16px}
 .btn{min-height:44px;padding:9px 18px}
 .btn.wide{width:100%}
 .chain{grid-template-columns:1fr}
 .chain li{display:grid;grid-template-columns:84px 1fr;gap:12px}
 .chain b:first-child{padding-top:3px}
 .toc{columns:1}
 .foot .last{margin-left:auto}
}
@media (prefers-reduced-motion:no-preference){.note.fresh{animation:in .2s ease-out}@keyframes in{from{opacity:0;transform:translateY(4px)}}}
@media (prefers-reduced-motion:reduce){*{transition:none!important}}
@media print{.top,.foot,.acts,form{display:none}}
`

const sheet = [
  variables('light', ':root'),
  `@media (prefers-color-scheme:dark){${variables('dark', ':root:not([data-theme=light])')}}`,
  variables('dark', ':root[data-theme=dark]'),
  rules.replace(/\n\s*/g, ''),
].join('\n')

export const styleSheet: { readonly text: string; readonly name: string } = { text: sheet, name: `style.${createHash('sha256').update(sheet).digest('hex').slice(0, 10)}.css` }
export const themeColours = { light: palettes.light.card, dark: palettes.dark.card }
