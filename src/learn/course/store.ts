import type { Instant } from '../../kernel/clock.ts'
import type { Tx } from '../../kernel/db/index.ts'
import type { Course, CourseState } from './course.ts'

const columns = `c.course_id as "courseId", c.title, c.intro, c.state, c.made_at as "madeAt", c.changed_at as "changedAt", c.made_by as "madeBy",
  coalesce((select json_agg(a.article_id order by a.position) from course_article a where a.tenant_id = c.tenant_id and a.course_id = c.course_id), '[]') as articles`

export function listCourses(tx: Tx, tenantId: number, states: readonly CourseState[] = ['draft', 'open', 'closed']): Promise<Course[]> {
  return tx.query(`select ${columns} from course c where c.tenant_id = $1 and c.state = any($2::text[]) order by c.made_at desc, c.course_id limit 200`, [tenantId, [...states]])
}

export async function findCourse(tx: Tx, tenantId: number, courseId: string): Promise<Course | undefined> {
  const [row] = await tx.query<Course>(`select ${columns} from course c where c.tenant_id = $1 and c.course_id = $2`, [tenantId, courseId])
  return row
}

export async function saveCourse(tx: Tx, tenantId: number, course: Course): Promise<void> {
  await tx.run(
    `insert into course (tenant_id, course_id, title, intro, state, made_at, changed_at, made_by) values ($1, $2, $3, $4, $5, $6, $7, $8)
     on conflict (tenant_id, course_id) do update set title = excluded.title, intro = excluded.intro, state = excluded.state, changed_at = excluded.changed_at`,
    [tenantId, course.courseId, course.title, course.intro, course.state, course.madeAt, course.changedAt, course.madeBy],
  )
  await tx.run(`delete from course_article where tenant_id = $1 and course_id = $2`, [tenantId, course.courseId])
  await tx.run(`insert into course_article (tenant_id, course_id, position, article_id) select $1, $2, n, id from unnest($3::uuid[]) with ordinality as a(id, n)`, [tenantId, course.courseId, course.articles])
}

/** Open courses in which one of these articles stands. */
export async function coursesWith(tx: Tx, tenantId: number, articleIds: readonly string[]): Promise<Course[]> {
  return tx.query(
    `select ${columns} from course c where c.tenant_id = $1 and c.state = 'open' and exists (select 1 from course_article a where a.tenant_id = $1 and a.course_id = c.course_id and a.article_id = any($2::uuid[])) order by c.course_id`,
    [tenantId, [...articleIds]],
  )
}

/** When each of these persons passed the quiz of each of these articles. */
export async function passedQuizzes(tx: Tx, tenantId: number, personIds: readonly string[] | null, articleIds: readonly string[]): Promise<Array<{ personId: string; articleId: string; passedAt: Instant }>> {
  return tx.query(
    `select person_id as "personId", article_id as "articleId", passed_at as "passedAt" from v_quiz
     where tenant_id = $1 and ($2::uuid[] is null or person_id = any($2)) and article_id = any($3::uuid[]) and passed_at is not null order by passed_at, person_id, article_id`,
    [tenantId, personIds === null ? null : [...personIds], [...articleIds]],
  )
}

/** @returns the persons who had not passed it before. */
export async function recordPasses(tx: Tx, tenantId: number, courseId: string, rows: ReadonlyArray<{ personId: string; readerId: string; passedAt: Instant }>): Promise<string[]> {
  if (rows.length === 0) return []
  const written = await tx.query<{ personId: string }>(
    `insert into course_pass (tenant_id, course_id, person_id, reader_id, passed_at) select $1, $2, r.person_id, r.reader_id, r.passed_at from unnest($3::uuid[], $4::uuid[], $5::bigint[]) as r(person_id, reader_id, passed_at)
     on conflict (tenant_id, course_id, person_id) do nothing returning person_id as "personId"`,
    [tenantId, courseId, rows.map((r) => r.personId), rows.map((r) => r.readerId), rows.map((r) => r.passedAt)],
  )
  return written.map((row) => row.personId)
}

export type PassRow = { courseId: string; title: string; personId: string; readerId: string; passedAt: Instant }
export function passes(tx: Tx, tenantId: number, by: { courseId?: string; personId?: string }): Promise<PassRow[]> {
  return tx.query(
    `select p.course_id as "courseId", c.title, p.person_id as "personId", p.reader_id as "readerId", p.passed_at as "passedAt" from course_pass p join course c on c.tenant_id = p.tenant_id and c.course_id = p.course_id
     where p.tenant_id = $1 and ($2::uuid is null or p.course_id = $2) and ($3::uuid is null or p.person_id = $3) order by p.passed_at desc, p.course_id, p.person_id limit 1000`,
    [tenantId, by.courseId ?? null, by.personId ?? null],
  )
}

export async function readersOf(tx: Tx, tenantId: number, personIds: readonly string[]): Promise<Map<string, string>> {
  const rows = await tx.query<{ personId: string; readerId: string }>(`select person_id as "personId", reader_id as "readerId" from v_reader where tenant_id = $1 and person_id = any($2::uuid[])`, [tenantId, [...personIds]])
  return new Map(rows.map((row) => [row.personId, row.readerId]))
}
