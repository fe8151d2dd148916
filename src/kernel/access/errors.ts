import { defineErrors } from '../errors.ts'

export const accessFault = defineErrors({
  'access/not-signed-in': { status: 401, zh: '还没有登录，或登录已过期。请重新登录。', en: 'not signed in, or the session has expired; sign in again' },
  'access/wrong-password': { status: 401, zh: '账号或密码不对。再错 {left} 次会锁定 15 分钟。', en: 'the login or the password is wrong; after {left} more the login is locked for 15 minutes' },
  'access/locked': { status: 429, zh: '试错太多次，{minutes} 分钟后再试。忘了密码可以在服务器上运行 qz login-link。', en: 'too many wrong passwords; try again in {minutes} minutes, or run `qz login-link` on the server' },
  'access/link-used': { status: 410, zh: '这个登录链接已经用过或过期了。在服务器上运行 qz login-link 再要一个。', en: 'this login link has been used or has expired; run `qz login-link` on the server for another' },
  'access/csrf': { status: 403, zh: '请求缺少页面令牌，没有执行。请刷新页面再试。', en: 'the request lacks the page token and was not carried out; reload the page' },
  'access/no-right': { status: 403, zh: '{role}不能做这件事（{right}）。请店主处理，或让店主改你的角色。', en: 'the role {role} may not do this ({right}); ask the owner' },
  'access/no-tenant': { status: 404, zh: '没有这个商家，或你不在里面。', en: 'there is no such merchant, or you are not a member of it' },
  'access/weak-password': { status: 400, zh: '密码至少 10 个字符，现在是 {found} 个。', en: 'a password needs at least 10 characters, got {found}' },
  'access/last-owner': { status: 409, zh: '这是最后一位店主，不能改掉。先让另一位成为店主。', en: 'this is the last owner; make somebody else an owner first' },
})
