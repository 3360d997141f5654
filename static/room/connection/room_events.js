/** The events that a room's connection emits for the parts of its page. Types only. */

/** @import { ChangedFrame, Message, OnlinePerson } from "../../../rooms/protocol.ts" */
/** @import { Status } from "../../shared/connection/connection.js" */
/** @import { ChatMessage } from "../../shared/connection/frames.js" */
/** @import { JoinOrLeave } from "../messages/join_leave_summary.js" */
/** @import { Unsent } from "./unsent_messages.js" */

/**
 * Messages that came together. `more`: older ones exist; it means nothing with "gap", "newer" and "live". "newer": the page has asked for them.
 * @typedef {{ messages: ChatMessage[], from: "latest" | "gap" | "older" | "newer" | "live", more: boolean }} Arrival
 */

/**
 * What may be done in the room. `mayChange` is sent on connecting only, and `undefined` later.
 * @typedef {{ title: string, isPrivate: boolean, isReadOnly: boolean, isClosed: boolean, description: string, mayChange: boolean | undefined, isHost: boolean }} RoomRules
 */

/**
 * @typedef {object} RoomEvents
 * @property {Status} connection
 * @property {Arrival} messages
 * @property {Unsent} unsent a message was written, was refused, or is sent again
 * @property {{ clientId: string, id?: string }} settled an unsent message was accepted (as `id`), or withdrawn by its author
 * @property {{ ids: string[], isRecorded: boolean }} recorded messages were written into the sheet, or can never be
 * @property {{ person: string, username: string }} welcome who this visitor is in the room; comes before its messages
 * @property {OnlinePerson[]} online
 * @property {JoinOrLeave} presence
 * @property {{ person: string, from: string, to: string }} renamed
 * @property {{ person: string, user: string }} typing
 * @property {{ frame: ChangedFrame, isForReader: boolean }} changed a message was edited, deleted or reacted to;
 * `isForReader`: the frame says which reactions are this visitor's
 * @property {string} read this account has read up to this message on another device
 * @property {Message[]} pins what is pinned to the room
 * @property {{ id: string, username: string, message: string }} pending a message waits for this host
 * @property {string} decided a message that waited was approved or refused
 * @property {RoomRules} rules
 * @property {number} paused nothing is sent until then (milliseconds since the epoch): the server asked to slow down
 * @property {string} refused the server's code for refusing anything but a written message
 */

export {};
