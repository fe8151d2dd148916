/**
 * Experiment (剂量实验): who is randomised to which dose, and what came of it.
 *
 * Owns: dose_epoch, dose_assignment, dose_outcome.  Publishes: v_dose.  Reads: v_follow, v_order, v_contact_loss, v_gate.
 * Implements: DoseSource (declared by pressure).  Asks: PriorSource.  Hears: contact.added.  Emits: epoch.started, epoch.closed.
 *
 * Invariants
 * - An assignment is written before anything of its epoch is sent, and never changed: outcomes count by what was assigned, not by what was sent.
 * - The draw is a keyed hash; nobody who waits for an earlier message is on a roster.
 * - A sentence about money needs its start rule and a sound sample ratio; otherwise it says that it is too early.
 */
export { armWeights, assignRoster, nextNight, rosterMin, segmentOf, segments, type SegmentKey } from './design.ts'
export { armsFor, defaultDosageSettings, dosageSettingsSchema, type DosageSettings } from '../steering/index.ts'
export { outcomeOf, type Cells, type EpochOutcome, type PersonOutcome } from './outcome.ts'
export { judgeDosage, lossesOf, causedOf, type ArmView, type Judgement, type JudgeInput, type LossView, type SegmentView } from './judge.ts'
export { valuePersons, type OrderHistory, type PersonValues } from './person-value.ts'
export { closeDueEpoch, measure, noPrior, readDosage, readDosageSettings, readLessons, readPeople, settingsKey, startEpoch, type DosageState, type People, type PriorSource } from './run-epoch.ts'
export { dosageView, experimentRoutes } from './routes.ts'
export { dosageSentence } from './words.ts'
export { epochJob, epochJobKind, nightStarter } from './jobs.ts'
export { experimentFault } from './errors.ts'
export { placesAt, listEpochs, runningEpoch, reachable, touchesInEpoch, type Epoch } from './store.ts'
