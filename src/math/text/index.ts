/**
 * Text: finds listed words however they are written, and judges text that no list covers.
 *
 * `createNormaliser` → `buildMatcher` or `hotMatcher` → `scan(text)`: finds with positions, categories and how they were written.
 * `train(texts, labels, seed)` → bytes → `createClassifier(bytes)` → `classify(text)`: a calibrated probability and the n-grams behind it.
 * `estimateBaseRate(probabilities, trainedRate)`: the share of offending texts where it is used, without labels, for `baseRate`.
 * `makeDodger`: twelve ways to hide a word, for measuring what is still found.
 *
 * Pure, deterministic, no clock, no I/O; a model file is bytes in and out.
 */
export { createNormaliser, normalise, normalisedText, type Normaliser } from './normalise.ts'
export { createSyllables, type Syllables } from './syllables.ts'
export { buildMatcher, hotMatcher, type Hit, type LexiconEntry, type Matcher, type MatcherOptions } from './matcher.ts'
export { train, type TrainOptions } from './train.ts'
export { createClassifier, type Classifier, type ClassifierOptions, type Reason, type Verdict } from './classifier.ts'
export { dodgeNames, makeDodger, type Dodger, type DodgeName } from './dodge.ts'
export { calibrationError, estimateBaseRate, scores, type Scores } from './quality.ts'
