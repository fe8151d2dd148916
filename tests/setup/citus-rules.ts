import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'libpg-query'

/**
 * The rules a distributed PostgreSQL (Citus) puts on statements, checked on the syntax tree:
 * every tenant table in a query is tied to one tenant by equality, also through joins; what a conflict writes uses immutable functions only; rows are
 * never locked across tenants; no grouping sets. A statement that must look over all tenants says so itself, with a comment `citus: <why>`.
 */
const folder = join(import.meta.dirname, '../../migrations')

/** Tables whose rows belong to a tenant and would be distributed by it: those with row-level security, except the small list of tenants itself. */
export const tenantTables: ReadonlySet<string> = new Set(
  readdirSync(folder).filter((file) => file.endsWith('.sql')).flatMap((file) => {
    const sql = readFileSync(join(folder, file), 'utf8')
    return [...sql.matchAll(/foreach t in array array\[([^\]]+)\] loop\s+execute format\('alter table %I enable row level security'/g)].flatMap((found) => [...found[1].matchAll(/'(\w+)'/g)].map((name) => name[1]))
  }),
)

/** Read views of modules: they look like tables of the tenant to whoever uses them. */
const tenantViews: ReadonlySet<string> = new Set(readdirSync(folder).filter((file) => file.endsWith('.sql')).flatMap((file) => [...readFileSync(join(folder, file), 'utf8').matchAll(/^create view (\w+)/gm)].map((found) => found[1])))

/** Functions that may appear in DO UPDATE: their result depends on their arguments only. Operators, coalesce, least, greatest and case are no functions to the parser. */
const immutable = new Set(['replace', 'strpos', 'lower', 'upper', 'length', 'abs', 'jsonb_build_object', 'jsonb_set', 'mod', 'floor'])

type Node = Record<string, any>

export function exemption(sql: string): string | undefined {
  return /(?:--|\/\*)\s*citus:\s*([^\n*]+)/.exec(sql)?.[1].trim()
}

/** @returns what a distributed PostgreSQL would refuse; empty when the statement is fine. */
export async function checkStatement(sql: string): Promise<string[]> {
  let tree: { stmts: Array<{ stmt: Node }> }
  try {
    tree = (await parse(sql)) as typeof tree
  } catch (error) {
    return [`it does not parse: ${(error as Error).message}`]
  }
  const exempt = exemption(sql) !== undefined
  const problems: string[] = []
  for (const { stmt } of tree.stmts) {
    const kind = Object.keys(stmt)[0]
    if (!['SelectStmt', 'InsertStmt', 'UpdateStmt', 'DeleteStmt'].includes(kind)) continue
    checkQuery(kind, stmt[kind], { fixed: new Set(), ctes: new Set() }, exempt, problems)
  }
  return [...new Set(problems)]
}

/** `fixed`: aliases of outer queries whose tenant is known; `ctes`: names that are no tables here. */
type Scope = { fixed: ReadonlySet<string>; ctes: ReadonlySet<string> }

function checkQuery(kind: string, query: Node, outer: Scope, exempt: boolean, problems: string[]): void {
  const ctes = new Set(outer.ctes)
  const scopeFor = (fixed: ReadonlySet<string>): Scope => ({ fixed, ctes })
  for (const { CommonTableExpr: cte } of (query.withClause?.ctes ?? []) as Node[]) {
    if (query.withClause.recursive) ctes.add(cte.ctename)
    const inner = Object.keys(cte.ctequery)[0]
    checkQuery(inner, cte.ctequery[inner], scopeFor(outer.fixed), exempt, problems)
    ctes.add(cte.ctename)
  }
  if (query.op !== undefined && query.op !== 'SETOP_NONE') {
    for (const side of [query.larg, query.rarg]) checkQuery('SelectStmt', side, scopeFor(outer.fixed), exempt, problems)
    return
  }

  // Tables of this level, and every condition that must hold (joined by AND only).
  const tables: Array<{ alias: string; table: string }> = []
  const conditions: Node[] = []
  const subqueries: Node[] = []
  const addRange = (range: Node): void => {
    if (range.schemaname === undefined && ctes.has(range.relname)) return
    if (tenantTables.has(range.relname) || tenantViews.has(range.relname)) tables.push({ alias: range.alias?.aliasname ?? range.relname, table: range.relname })
  }
  const addFrom = (item: Node): void => {
    if (item.RangeVar) addRange(item.RangeVar)
    else if (item.JoinExpr) {
      addFrom(item.JoinExpr.larg)
      addFrom(item.JoinExpr.rarg)
      if (item.JoinExpr.quals) conditions.push(item.JoinExpr.quals)
    } else if (item.RangeSubselect) subqueries.push(item.RangeSubselect.subquery)
  }
  for (const item of query.fromClause ?? []) addFrom(item)
  for (const item of query.usingClause ?? []) addFrom(item)
  if (kind === 'UpdateStmt' || kind === 'DeleteStmt') addRange(query.relation)
  if (query.whereClause) conditions.push(query.whereClause)

  const fixed = fixedAliases(tables, conditions, outer.fixed)
  if (!exempt) {
    for (const { alias, table } of tables) if (!fixed.has(alias)) problems.push(`${table}${alias === table ? '' : ` (${alias})`} is not tied to one tenant by tenant_id`)
  }
  if ((query.lockingClause ?? []).length > 0 && tables.some(({ alias }) => !fixed.has(alias))) problems.push('rows are locked across tenants')
  for (const item of query.groupClause ?? []) if (item.GroupingSet) problems.push('grouping sets')

  if (kind === 'InsertStmt' && tenantTables.has(query.relation.relname)) {
    const position = (query.cols ?? []).findIndex((col: Node) => col.ResTarget.name === 'tenant_id')
    if (position < 0) problems.push(`an insert into ${query.relation.relname} names no tenant_id`)
    else if (!exempt) {
      const select = query.selectStmt?.SelectStmt as Node
      const given: Node[] = select.valuesLists ? select.valuesLists.map((row: Node) => row.List.items[position]) : [select.targetList[position].ResTarget.val]
      for (const value of given) if (!isConstant(value)) problems.push(`an insert into ${query.relation.relname} takes tenant_id from a row, not from a parameter`)
    }
    const written = (query.onConflictClause?.targetList ?? []) as Node[]
    visit([...written, query.onConflictClause?.whereClause ?? {}], (node) => {
      const name = node.FuncCall?.funcname?.at(-1)?.String?.sval as string | undefined
      if (name !== undefined && !immutable.has(name)) problems.push(`${name}() in DO UPDATE`)
      if (node.SQLValueFunction) problems.push('the clock in DO UPDATE')
    })
  }

  // Everything below sees the tenants fixed here (LATERAL and correlated queries).
  const below = scopeFor(new Set([...outer.fixed, ...fixed]))
  if (query.selectStmt) checkQuery('SelectStmt', query.selectStmt.SelectStmt, below, exempt, problems)
  for (const sub of subqueries) checkQuery('SelectStmt', sub.SelectStmt, below, exempt, problems)
  const expressions = [query.targetList, query.whereClause, query.havingClause, query.sortClause, query.groupClause, query.valuesLists, query.limitCount, query.onConflictClause, query.returningList, ...(query.fromClause ?? []).map(joinQuals)]
  for (const expression of expressions) visit(expression, (node) => {
    if (!node.SubLink) return
    checkQuery('SelectStmt', node.SubLink.subselect.SelectStmt, below, exempt, problems)
  }, (node) => node.SubLink !== undefined)
}

function joinQuals(item: Node): Node[] {
  return item.JoinExpr ? [item.JoinExpr.quals, ...joinQuals(item.JoinExpr.larg), ...joinQuals(item.JoinExpr.rarg)] : []
}

/** Aliases tied to a parameter, a constant or an outer tenant, directly or through each other. */
function fixedAliases(tables: ReadonlyArray<{ alias: string }>, conditions: readonly Node[], outer: ReadonlySet<string>): Set<string> {
  const equal: Array<[string, string]> = []
  const term = (node: Node): string | undefined => {
    if (isConstant(node)) return '='
    const fields = node.ColumnRef?.fields?.map((field: Node) => field.String?.sval) as string[] | undefined
    if (fields?.at(-1) !== 'tenant_id') return undefined
    if (fields.length === 2) return fields[0]
    return tables.length === 1 ? tables[0].alias : undefined
  }
  const add = (condition: Node): void => {
    const { BoolExpr: bool, A_Expr: expression } = condition
    if (bool?.boolop === 'AND_EXPR') bool.args.forEach(add)
    else if (expression?.kind === 'AEXPR_OP' && expression.name?.[0]?.String?.sval === '=') {
      const [left, right] = [term(expression.lexpr), term(expression.rexpr)]
      if (left !== undefined && right !== undefined) equal.push([left, right])
    }
  }
  conditions.forEach(add)
  const known = new Set<string>(['=', ...outer])
  for (let grew = true; grew; ) {
    grew = false
    for (const [left, right] of equal) {
      if (known.has(left) === known.has(right)) continue
      known.add(left).add(right)
      grew = true
    }
  }
  return new Set(tables.map(({ alias }) => alias).filter((alias) => known.has(alias) && (!outer.has(alias) || equal.some((pair) => pair.includes(alias)))))
}

function isConstant(node: Node): boolean {
  return node.ParamRef !== undefined || node.A_Const !== undefined || (node.TypeCast !== undefined && isConstant(node.TypeCast.arg))
}

function visit(node: unknown, look: (node: Node) => void, stopBelow: (node: Node) => boolean = () => false): void {
  if (Array.isArray(node)) for (const item of node) visit(item, look, stopBelow)
  else if (node !== null && typeof node === 'object') {
    look(node as Node)
    if (!stopBelow(node as Node)) for (const value of Object.values(node)) visit(value, look, stopBelow)
  }
}
