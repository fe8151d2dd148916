import type { JobHandler } from '../../kernel/engine/index.ts'
import { dayMs } from '../../kernel/calendar.ts'
import { makeEvent } from '../../events.ts'
import { judgeApplications, type ApplyPorts } from './apply-playbook.ts'

export const playbookWatchKind = 'playbook.watch'

/** Once a day: every playbook in use is measured again where it landed; when its stop rule speaks, that is an event. */
export function playbookWatch(ports: Pick<ApplyPorts, 'measure'>): JobHandler {
  return {
    kind: playbookWatchKind,
    async run(work, tx) {
      const changed = await judgeApplications(tx, work.tenantId, ports, work.now)
      await work.emit(tx, changed.filter((row) => row.verdict === 'stop').map((row) => makeEvent(work.ids, work.now, 'playbook.stopped', `application/${row.applicationId}`, work.now, { applicationId: row.applicationId, playbookId: row.playbookId })))
      return { dueAt: work.now + dayMs }
    },
  }
}
