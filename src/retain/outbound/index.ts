/**
 * Outbound (触达): the one door out. Whatever reaches a person leaves through `askToSend`, which stores the gate's answer, and then as a member's
 * mass-send task or as a welcome message.
 *
 * Owns: outbound_message, send_task.  Publishes: v_message.  Asks: SendGate, ContentGate.  Emits: touch.sent, touch.refused.
 *
 * Invariants
 * - Every message has the gate's answer before it is a call; a key is asked once.
 * - A touch is recorded only for what the platform says was really sent.
 * - Every allowed message is settled with the gate once, when it ends.
 */
export { messageKinds, type SendGate, type SendRequest, type GateAnswer, type GateOutcome, type MessageKind, type Purpose } from './send-gate.ts'
export { allowAllContentGate, outboundFault, textCheck, wordsOf, type ContentFinding, type ContentGate, type ContentVerdict, type TextCheck } from './content-gate.ts'
export { allowAllSendGate, plainWeights } from './allow-all-send-gate.ts'
export { askToSend } from './ask-to-send.ts'
export { settleMessages } from './end-messages.ts'
export { sendAsTasks, cancelTask, remindTask, taskMade, taskCancelled, taskPoll, taskPollKind } from './send-tasks.ts'
export { taskFind } from './find-task.ts'
export { welcomeFacts, welcomeSent, welcomeSetting } from './welcome.ts'
export { messageStates, type Message, type MessageContent, type MessageState, type TaskEnded, type TaskState } from './message.ts'
export { tasksOfCampaign, openTasks, campaignCounts, refusalReasons, listMessages, findMessage, findTask, forgetMessagesTo, type TaskRow, type CampaignCounts } from './store.ts'
export { outboundRoutes, messageText, messageContent } from './routes.ts'
