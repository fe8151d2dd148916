import { defineErrors } from '../../kernel/errors.ts'

/** Faults of the emulator's own door (admin API, acts, set-up); the platform's errors are `PlatformError`. */
export const emulatorFault = defineErrors({
  'emulator/namespace-unknown': {
    status: 404,
    zh: '找不到命名空间「{name}」。现有：{known}。请先用 POST /_emulator/namespaces 新建。',
    en: 'there is no namespace {name}; known are {known}; make it first with POST /_emulator/namespaces',
  },
  'emulator/namespace-exists': {
    status: 409,
    zh: '命名空间「{name}」已经存在，请换一个名字，或先删除它。',
    en: 'namespace {name} exists already; take another name or drop it first',
  },
  'emulator/namespace-name': {
    status: 400,
    zh: '命名空间的名字「{name}」不合规：只能用 1 到 40 个小写字母、数字和连字符。',
    en: 'namespace name {name} is not allowed: 1 to 40 lower-case letters, digits and hyphens',
  },
  'emulator/act-unknown': {
    status: 404,
    zh: '模拟平台不认识动作「{name}」。GET /_emulator/acts 列出全部动作。',
    en: 'there is no act {name}; GET /_emulator/acts lists them',
  },
  'emulator/act-args': {
    status: 400,
    zh: '动作「{name}」的参数不对：{detail}',
    en: 'act {name} cannot be run with these arguments: {detail}',
  },
  'emulator/act-refused': {
    status: 409,
    zh: '动作「{name}」做不了：{detail}',
    en: 'act {name} was refused: {detail}',
  },
  'emulator/clock-back': {
    status: 409,
    zh: '世界时间不能倒退：现在是 {now}，要求的是 {to}。',
    en: 'the world clock cannot go back: it stands at {now}, asked for {to}',
  },
  'emulator/clock-real': {
    status: 409,
    zh: '这个模拟平台走真实时间，不能拨快。用 --clock queue 启动即可由你推进。',
    en: 'this emulator follows real time and cannot be moved; start it with --clock queue to move it yourself',
  },
  'emulator/account-unknown': {
    status: 404,
    zh: '没有 {kind} 账号「{id}」。GET /_emulator/accounts 列出全部账号。',
    en: 'there is no {kind} account {id}; GET /_emulator/accounts lists them',
  },
  'emulator/no-such-page': {
    status: 404,
    zh: '管理接口没有 {method} {path}。见 docs/emulator-admin.md。',
    en: 'the admin API has no {method} {path}; see docs/emulator-admin.md',
  },
  'emulator/bad-body': {
    status: 400,
    zh: '请求体不合规：{detail}',
    en: 'the body is not usable: {detail}',
  },
  'emulator/journal-lost': {
    status: 503,
    zh: '日志写入失败，模拟平台已停止回答：{detail}。请重启，状态会从日志恢复。',
    en: 'the journal could not be written, so nothing is answered any more: {detail}; restart, the state is rebuilt from the journal',
  },
  'emulator/journal-seed': {
    status: 409,
    zh: '日志第 {seq} 条无法重放：{detail}。日志与这个版本不符，请导出后新建世界。',
    en: 'journal entry {seq} cannot be replayed: {detail}; the journal does not fit this version, start a new world',
  },
})
