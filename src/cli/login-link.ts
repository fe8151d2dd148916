import { openLocked, callControl, readEffective, runningServer } from './control.ts'
import { report } from './output.ts'

/** A one-time link, from the running server or by opening the data folder for a moment. */
export async function loginLink(options: { login: string; json?: boolean }): Promise<void> {
  const config = readEffective()
  const running = runningServer(config)
  let link: string
  if (running?.socket) link = ((await callControl(running.socket, 'login-link', { login: options.login }, () => {})) as { link: string }).link
  else {
    const runtime = await openLocked({ config: { ...config, sea: 'off' }, say: () => {}, anyPort: true, logLevel: 'error' })
    const user = await runtime.house.access.findUser(options.login)
    link = user ? `http://${config.host}:${config.port}/login/link/${await runtime.house.access.createLink(user.userId)}` : ''
    await runtime.close()
  }
  report(options.json, { link }, [link || `nobody is called ${options.login}`])
  if (link === '') process.exitCode = 1
}
