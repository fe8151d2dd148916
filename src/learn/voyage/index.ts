/**
 * Voyage (航程): the whole chain as one picture: where people come from, who became a contact, who bought, who bought again, and where they leave.
 *
 * Owns nothing.  Reads: v_follow, v_order, v_contact_loss, v_merged, v_message, v_opt_out, channels of states.
 *
 * Invariants
 * - Everybody who came, bought or left in the window is counted once, under one source; unknown people are a row of their own and nobody's guess.
 * - Who left is not counted again as somebody who wants no more messages.
 * - The money of the rows adds up to the net revenue of the window.
 */
export { voyageRoutes, type VoyagePorts } from './routes.ts'
export { voyageRefusals, voyageRows, voyageWeeks, type VoyageRefusals, type VoyageRow, type VoyageWeek } from './store.ts'
