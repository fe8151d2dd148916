/**
 * Domain events (领域事件): what the house knows to have happened. Emitting stores the event and one delivery row per subscriber in the same
 * transaction; each delivery is worked in its own transaction, retried, visible. Order is kept per aggregate.
 *
 * Owns: domain_event, event_delivery.
 */
export { emit, claimDeliveries, finishDeliveries, failDelivery, listEvents, deliveryDepth, type DomainEvent, type Delivery } from './store.ts'
