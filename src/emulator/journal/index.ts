/** The emulator's journal (日志) on PostgreSQL. Owns: journal, in the database `qz_emulator`. */
export { openPostgresJournal, type PostgresJournal } from './postgres-journal.ts'
