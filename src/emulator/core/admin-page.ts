/**
 * The admin page (管理页): one self-contained document over the admin API, without any other file, so that it works on a machine without network.
 * It is always marked 模拟. Everything it shows is a raw fact in the platform's own words.
 */
export function adminPage(): string {
  return page
}

const page = `<!doctype html>
<html lang="zh-CN"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1"><link rel="icon" href="data:,"><title>模拟 · 轻舟微信模拟平台</title>
<style>
:root{--page:#F4F6F7;--card:#FFFFFF;--line:#DFE5E9;--strong:#C6D0D7;--ink:#14212B;--ink2:#4A5966;--ink3:#5D6C79;--sea:#1B6DBC;--tint:#E6F0FA;--danger:#C0271A;--ok:#0A7A4B;--on:#FFFFFF;--hover:#FAFBFB}
@media(prefers-color-scheme:dark){:root{--page:#10181F;--card:#18222B;--line:#2A3742;--strong:#3B4A57;--ink:#E8EEF2;--ink2:#A9B7C3;--ink3:#8F9EAB;--sea:#7DB4FC;--tint:#17324B;--danger:#FF7A66;--ok:#4CC38A;--on:#10181F;--hover:#1C2731}}
*{box-sizing:border-box}body{margin:0;background:var(--page);color:var(--ink);font:14px/22px "PingFang SC","HarmonyOS Sans SC","Microsoft YaHei UI","Microsoft YaHei","Noto Sans CJK SC","Noto Sans SC",system-ui,sans-serif;font-variant-numeric:tabular-nums}
code,pre,textarea,td.m,input.m{font-family:ui-monospace,"SF Mono","Cascadia Mono",Consolas,"Noto Sans Mono CJK SC",monospace;font-size:13px;line-height:20px}
header{display:flex;flex-wrap:wrap;gap:12px;align-items:center;padding:12px 32px;background:var(--card);border-bottom:1px solid var(--line)}
.badge{border:1px dashed var(--sea);color:var(--sea);background:var(--tint);border-radius:16px;padding:2px 12px;font-weight:600}
h1{font-size:16px;line-height:24px;margin:0;font-weight:600}header .grow{flex:1}
main{padding:24px 32px 48px;max-width:1440px;display:grid;gap:16px;grid-template-columns:repeat(12,minmax(0,1fr))}
section{background:var(--card);border:1px solid var(--line);border-radius:12px;padding:20px 24px;grid-column:span 12;min-width:0}section.half{grid-column:span 6}
h2{font-size:16px;line-height:24px;margin:0 0 12px;font-weight:600}p{margin:0 0 12px;color:var(--ink2)}
button,select,input,textarea{font:inherit;color:inherit;background:var(--card);border:1px solid var(--strong);border-radius:8px;padding:5px 12px;min-height:34px}
textarea,input.m{font-family:ui-monospace,"SF Mono","Cascadia Mono",Consolas,"Noto Sans Mono CJK SC",monospace;font-size:13px;line-height:20px}button{cursor:pointer}button.main{background:var(--ink);color:var(--on);border-color:var(--ink)}button.danger{color:var(--danger);border-color:var(--danger)}button:hover,tr:hover td{background:var(--hover)}button.main:hover{background:var(--ink2)}
button:focus-visible,select:focus-visible,input:focus-visible,textarea:focus-visible{outline:3px solid color-mix(in srgb,var(--sea) 40%,transparent);outline-offset:1px}
textarea{width:100%;min-height:96px;resize:vertical}.row{display:flex;flex-wrap:wrap;gap:8px;margin-bottom:12px;align-items:center}.row>.wide{flex:1;min-width:220px}
.scroll{overflow:auto;max-height:420px}table{border-collapse:collapse;width:100%;min-width:880px}th,td{text-align:left;padding:6px 12px 6px 0;border-bottom:1px solid var(--line);vertical-align:top}th{color:var(--ink3);font-weight:400;font-size:13px;position:sticky;top:0;background:var(--card)}
td.m{overflow-wrap:anywhere}td.m:not(:last-child){white-space:nowrap}td.m:last-child{min-width:320px}pre{margin:0;white-space:pre-wrap;word-break:break-all;max-height:320px;overflow:auto;background:var(--page);border-radius:8px;padding:12px}
.bad{color:var(--danger)}.good{color:var(--ok)}.fact{display:inline-block;margin-right:24px}.fact b{font-size:18px;line-height:26px;font-weight:600;display:block}
@media(max-width:900px){main{padding:16px;gap:12px}header{padding:12px 16px}section,section.half{grid-column:span 12;padding:16px}}
</style></head><body>
<header><span class="badge" id="badge">模拟</span><h1 id="title"></h1><span class="grow"></span><label><span data-t="ns"></span> <select id="ns"></select></label><button id="refresh" data-t="refresh"></button><button id="lang">EN</button></header>
<main>
<section><p data-t="what"></p><div id="facts"></div></section>
<section class="half"><h2 data-t="clock"></h2><div class="row"><button data-clock="60000">+1 min</button><button data-clock="3600000">+1 h</button><button data-clock="86400000">+1 d</button><button id="next" class="main" data-t="next"></button><button id="pump" data-t="pump"></button></div><div id="clockOut"></div></section>
<section class="half"><h2 data-t="whole"></h2><div class="row"><button id="snap" data-t="snap"></button><button id="pick" data-t="restore"></button><input type="file" id="file" accept="application/json" hidden><button id="reset" class="danger" data-t="reset"></button></div><div class="row"><input class="m wide" id="newNs" placeholder="suite-1"><button id="addNs" data-t="addNs"></button></div></section>
<section class="half"><h2 data-t="act"></h2><div class="row"><select id="act" class="wide"></select><button id="runAct" class="main" data-t="run"></button></div><p id="actHelp"></p><textarea id="actArgs" aria-label="JSON">{}</textarea><pre id="actOut" hidden></pre></section>
<section class="half"><h2 data-t="cb"></h2><p data-t="cbHelp"></p><div class="row"><select id="cbAccount" class="wide"></select><button id="setUrl" data-t="setUrl"></button><button id="check" data-t="check"></button></div><div class="row"><input class="m wide" id="cbUrl" placeholder="http://127.0.0.1:8180/…"></div><div class="row"><input class="m wide" id="cbEvent" value="channels_ec_order_new"><button id="sendCb" class="main" data-t="send"></button></div><textarea id="cbMessage" aria-label="message">{"ToUserName":"gh_","FromUserName":"o","CreateTime":1,"MsgType":"event","Event":"channels_ec_order_new","order_info":{"order_id":3705115058471208928}}</textarea><pre id="cbOut" hidden></pre></section>
<section class="half"><h2 data-t="faults"></h2><p data-t="faultsHelp"></p><textarea id="plan" aria-label="JSON"></textarea><div class="row" style="margin-top:8px"><button id="setPlan" class="main" data-t="apply"></button><button id="clearPlan" data-t="clear"></button></div><pre id="injected"></pre></section>
<section class="half"><h2 data-t="accounts"></h2><div class="scroll"><pre id="accounts"></pre></div></section>
<section><h2 data-t="deliveries"></h2><div class="scroll"><table><thead><tr id="dHead"></tr></thead><tbody id="dBody"></tbody></table></div></section>
<section><h2 data-t="calls"></h2><div class="scroll"><table><thead><tr id="cHead"></tr></thead><tbody id="cBody"></tbody></table></div></section>
</main>
<script>
'use strict'
const words={
 zh:{title:'轻舟微信模拟平台',what:'这里不是微信：账号、顾客和钱都是模拟的，协议是真的。状态、时间与回调都可以在此查看和推动。',ns:'命名空间',refresh:'刷新',clock:'世界时间',next:'到下一件事',pump:'发出到期回调',whole:'整个世界',snap:'下载快照',restore:'从快照恢复',colon:'：',reset:'重置',addNs:'新建命名空间',act:'做一件事',run:'执行',cb:'发送回调',cbHelp:'按平台的信封加密、签名后真实投递。',setUrl:'保存地址',check:'校验地址',send:'发送',faults:'故障',faultsHelp:'JSON 计划；概率 0–1，同一计划注入相同的故障。',apply:'生效',clear:'清除',accounts:'账号与密钥',deliveries:'回调投递',calls:'收到的请求',d:['事件','账号','状态','次数','创建于','内容'],c:['#','请求','接口','结果','故障','请求体'],sure:'重置会清空此命名空间的全部状态，确定吗？',acts:'已收请求',ack:'已确认回调',waiting:'待发回调',failed:'失败次数',given:'已放弃',due:'下一件事',none:'无',real:'真实时间',queue:'事件队列'},
 en:{title:'Qingzhou WeChat emulator',what:'This is not WeChat: accounts, customers and money are emulated, the protocols are real. State, time and callbacks can be seen and moved here.',ns:'Namespace',refresh:'Refresh',clock:'World time',next:'To the next event',pump:'Send due callbacks',whole:'The whole world',snap:'Download snapshot',restore:'Restore a snapshot',colon:': ',reset:'Reset',addNs:'New namespace',act:'Do something',run:'Run',cb:'Send a callback',cbHelp:'Sealed and signed in the platform\\'s envelope, really delivered.',setUrl:'Save address',check:'Check address',send:'Send',faults:'Faults',faultsHelp:'A plan in JSON; probabilities 0 to 1, the same plan injects the same faults.',apply:'Apply',clear:'Clear',accounts:'Accounts and keys',deliveries:'Callback deliveries',calls:'Calls received',d:['Event','Account','State','Tries','Created','Content'],c:['#','Call','Endpoint','Result','Faults','Body'],sure:'Resetting clears all state of this namespace. Go on?',acts:'calls received',ack:'callbacks acknowledged',waiting:'callbacks waiting',failed:'failed attempts',given:'given up',due:'next event',none:'none',real:'real time',queue:'event queue'}}
let lang='zh',ns='main',actList=[]
const $=id=>document.getElementById(id),w=()=>words[lang]
async function api(method,path,body){const r=await fetch('/_emulator'+path+(path.includes('?')?'&':'?')+'ns='+encodeURIComponent(ns),{method,body:body===undefined?undefined:JSON.stringify(body)});const j=await r.json();if(j.error)throw new Error(j.error[lang]||j.error.code);return j}
const when=ms=>ms==null?w().none:new Date(ms+288e5).toISOString().slice(0,19).replace('T',' ')
function show(id,value,bad){const e=$(id);e.hidden=false;e.textContent=typeof value==='string'?value:JSON.stringify(value,null,1);e.className=bad?'bad':''}
async function guarded(out,work){try{const v=await work();if(out)show(out,v);await load()}catch(e){if(out)show(out,e.message,true);else alert(e.message)}}
function cells(tr,list){tr.replaceChildren(...list.map((x,i)=>{const c=document.createElement(tr.parentNode&&tr.parentNode.tagName==='THEAD'?'th':'td');if(c.tagName==='TD')c.className='m';c.textContent=x;return c}));return tr}
function paint(){document.documentElement.lang=lang==='zh'?'zh-CN':'en';$('badge').textContent=lang==='zh'?'模拟':'Emulated 模拟';$('title').textContent=w().title;$('lang').textContent=lang==='zh'?'EN':'中文';for(const e of document.querySelectorAll('[data-t]'))e.textContent=w()[e.dataset.t];cells($('dHead'),w().d);cells($('cHead'),w().c)}
async function load(){
 paint()
 const all=(await api('GET','/namespaces')).namespaces.map(n=>n.name);if(!all.includes(ns))ns=all[0];$('ns').replaceChildren(...all.map(n=>new Option(n,n,false,n===ns)))
 const [state,acc,faults,del,calls]=await Promise.all([api('GET','/state'),api('GET','/accounts'),api('GET','/faults'),api('GET','/deliveries?limit=60'),api('GET','/calls?limit=60')])
 const f=[[when(state.now),state.clock==='queue'?w().queue:w().real],[state.counts.calls,w().acts],[state.counts.acknowledged,w().ack],[state.counts.waiting,w().waiting],[state.counts.failedAttempts,w().failed],[state.counts.givenUp,w().given]]
 $('facts').replaceChildren(...f.map(([v,t])=>{const s=document.createElement('span');s.className='fact';const b=document.createElement('b');b.textContent=v;s.append(b,t);return s}))
 $('clockOut').textContent=w().due+w().colon+when(state.nextDue)
 for(const b of document.querySelectorAll('[data-clock],#next'))b.disabled=state.clock!=='queue'
 $('accounts').textContent=JSON.stringify(acc.accounts,null,1)
 const chosen=$('cbAccount').value;$('cbAccount').replaceChildren(...acc.accounts.filter(a=>a.kind!=='pay').map(a=>new Option(a.kind+'  '+a.id+'  '+(a.name||''),a.kind+' '+a.id,false,a.kind+' '+a.id===chosen)))
 const account=acc.accounts.find(a=>a.kind+' '+a.id===$('cbAccount').value);const push=account&&(account.push||(account.apps&&account.apps[0]&&account.apps[0].push));if(document.activeElement!==$('cbUrl'))$('cbUrl').value=push&&push.url||''
 if(document.activeElement!==$('plan'))$('plan').value=JSON.stringify(faults.plan||{lost:0.02,duplicate:0.05,late:0.05,calls:{busy:0.01}},null,1);$('injected').textContent=JSON.stringify(faults.injected)
 $('dBody').replaceChildren(...del.deliveries.reverse().map(d=>{const tr=cells(document.createElement('tr'),[d.event,d.account,d.state,d.state==='no-address'?'—':d.attempts.length+(d.attempts.length?' · '+d.attempts.at(-1).status:''),when(d.createdAt),d.message.slice(0,300)]);tr.children[2].className='m '+(d.state==='acknowledged'?'good':d.state==='given-up'?'bad':'');return tr}))
 $('cBody').replaceChildren(...calls.calls.reverse().map(c=>{const tr=cells(document.createElement('tr'),[c.n,c.method+' '+c.path,c.endpoint||'—',c.status===0?'∅':c.status+(c.errcode!==undefined?' · '+c.errcode:''),c.faults.join(' '),c.body.slice(0,300)]);if(c.errcode!==undefined||c.status===0)tr.children[3].className='m bad';return tr}))
 if(!actList.length){actList=(await api('GET','/acts')).acts.sort((a,b)=>a.name<b.name?-1:1);$('act').replaceChildren(...actList.map(a=>new Option(a.name,a.name)));help()}
}
function help(){const a=actList.find(x=>x.name===$('act').value);if(!a)return;$('actHelp').textContent=a.en;const p=a.args.properties||{},need=a.args.required||[];const v={};for(const k of need)v[k]=p[k]&&p[k].type==='array'?[]:p[k]&&(p[k].type==='integer'||p[k].type==='number')?0:p[k]&&p[k].type==='object'?{}:'';$('actArgs').value=JSON.stringify(v,null,1);$('actArgs').title=Object.keys(p).join(', ')}
const who=()=>{const [kind,id]=$('cbAccount').value.split(' ');return{kind,id}}
$('act').onchange=help;$('ns').onchange=()=>{ns=$('ns').value;load()};$('refresh').onclick=()=>guarded(null,load);$('lang').onclick=()=>{lang=lang==='zh'?'en':'zh';load()};$('cbAccount').onchange=()=>load()
for(const b of document.querySelectorAll('[data-clock]'))b.onclick=()=>guarded(null,()=>api('POST','/clock',{advanceMs:Number(b.dataset.clock)}))
$('next').onclick=()=>guarded(null,()=>api('POST','/clock',{next:true}));$('pump').onclick=()=>guarded(null,()=>api('POST','/pump',{}))
$('runAct').onclick=()=>guarded('actOut',async()=>(await api('POST','/acts',{act:$('act').value,args:JSON.parse($('actArgs').value)})).result)
$('setUrl').onclick=()=>guarded('cbOut',()=>api('POST','/push-settings',{...who(),url:$('cbUrl').value||null}));$('check').onclick=()=>guarded('cbOut',()=>api('POST','/check-address',who()))
$('sendCb').onclick=()=>guarded('cbOut',()=>api('POST','/callbacks',{...who(),event:$('cbEvent').value,message:$('cbMessage').value}))
$('setPlan').onclick=()=>guarded('injected',()=>api('PUT','/faults',JSON.parse($('plan').value)));$('clearPlan').onclick=()=>guarded(null,()=>api('DELETE','/faults'))
$('snap').onclick=()=>guarded(null,async()=>{const s=await api('GET','/snapshot');const a=document.createElement('a');a.href=URL.createObjectURL(new Blob([JSON.stringify(s)],{type:'application/json'}));a.download='模拟-'+ns+'.json';a.click()})
$('pick').onclick=()=>$('file').click();$('file').onchange=()=>guarded(null,async()=>{const t=await $('file').files[0].text();await api('POST','/restore',{state:JSON.parse(t).state})})
$('reset').onclick=()=>{if(confirm(w().sure))guarded(null,()=>api('POST','/reset',{}))};$('addNs').onclick=()=>guarded(null,async()=>{await api('POST','/namespaces',{name:$('newNs').value});ns=$('newNs').value})
load().catch(e=>alert(e.message))
</script></body></html>
`
