/**
 * Imports (导入): a run over a source, its counters, and the rows that could not be used, each with line number and reason.
 *
 * Owns: import_run, import_bad_row.
 */
export { findRun, putRun, finishRun, putBadRows, listBadRows, type ImportRun } from './store.ts'
