import { defineErrors } from '../../kernel/errors.ts'

export const playbookFault = defineErrors({
  'playbook/not-a-playbook': { status: 400, zh: '这不是打法文件：{reason}。请选从案例页下载的 .playbook.json。', en: 'this is not a playbook file: {reason}; choose a .playbook.json that came from a case page' },
  'playbook/newer': { status: 400, zh: '读不了这份打法：它是第 {found} 版格式，这里认到第 {known} 版。请先升级轻舟。', en: 'the playbook cannot be read: its format is version {found}, this installation knows up to {known}; upgrade first' },
  'playbook/tampered': { status: 400, zh: '这份打法被改过：签名（{keyId}）和内容对不上。没有动任何设置。请向作者重新要一份。', en: 'the playbook was changed after it was signed by {keyId}; nothing was touched, ask the author for it again' },
  'playbook/unknown-move': { status: 400, zh: '这份打法里有这里不会做的动作：{moves}。没有动任何设置。', en: 'the playbook holds moves that this installation cannot make: {moves}; nothing was touched' },
  'playbook/blocked': { status: 409, zh: '还不能用上「{title}」：{reasons}。先补上再试，什么都没有改。', en: '{title} cannot be applied yet: {reasons}; nothing was changed' },
  'playbook/changed-since': { status: 409, zh: '没有用上：试算之后这里的设置变了（{moves}）。请重新试算一次再决定。', en: 'not applied: settings changed after the dry run ({moves}); run it again and decide' },
  'playbook/already-applied': { status: 409, zh: '「{title}」正在用（{when} 用上）。要重来，先撤下。', en: '{title} has been in use since {when}; undo it first to start over' },
  'playbook/not-found': { status: 404, zh: '没有这份打法：{playbookId}。', en: 'there is no playbook {playbookId}' },
  'playbook/no-application': { status: 404, zh: '没有这次使用：{applicationId}。', en: 'there is no application {applicationId}' },
  'playbook/already-undone': { status: 409, zh: '这次使用已经撤下（{when}）。', en: 'this application was undone already ({when})' },
  'playbook/no-moves': { status: 409, zh: '没有可带走的动作：请至少选一项。', en: 'a playbook needs at least one move' },
  'playbook/bad-receipt': { status: 400, zh: '这张使用回执不能用：{reason}。', en: 'the receipt cannot be used: {reason}' },
})
