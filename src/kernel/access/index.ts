/**
 * Access (访问): people who sign in, their sessions, and what each role may do. Roles are data; a right that a role lacks is refused by default.
 *
 * Owns: app_user, user_session, login_link, member.
 */
export { roles, rights, may, type Role, type Right } from './roles.ts'
export { accessFault } from './errors.ts'
export { createAccess, type Access, type Session } from './access.ts'
export { membersOfTenant } from './store.ts'
