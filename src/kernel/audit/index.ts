/**
 * The audit trail (审计): every privileged act, who did it, to what; append-only, also for the application's own role.
 * Owns: audit.
 */
export { recordAudit, listAudit, type AuditEntry } from './store.ts'
