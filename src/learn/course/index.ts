/**
 * Courses (课程): a list of articles with quizzes; whose last quiz is right has passed, and that is on record: the training record of a provider's people.
 *
 * Owns: course, course_article, course_pass.  Reads: v_quiz, v_reader.  Hears: quiz.passed.  Emits: course.passed.
 *
 * Invariants
 * - A course holds published articles that ask something, each once; a pass is kept once for each person and never taken away by a change of the course.
 */
export { progressOf, type Course, type CourseState, type Progress } from './course.ts'
export { courseSubscriber, progressIn, settleCourse } from './follow-courses.ts'
export { findCourse, listCourses, passes, type PassRow } from './store.ts'
export { courseRoutes, type CoursePorts } from './routes.ts'
