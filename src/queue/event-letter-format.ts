import type { GetMessage } from 'amqplib';
import { decodeEvents, eventType } from '../order/events.ts';
import type { EventLetter, EventLetterView } from '../order/ports/events.ts';
import { letterHeaders, readLetterHeaders } from './dead-letter-format.ts';
import type { BrokerMessage } from './unconfirmed.ts';

/** A message of a follower's dead-letter queue: the event, or the bytes that are none, and headers as for orders. */
export function encodeEventLetter(
  letter: EventLetter,
): Pick<BrokerMessage, 'content' | 'contentType' | 'headers'> {
  const { event, content = Buffer.alloc(0) } = letter;
  return {
    content: event ? Buffer.from(JSON.stringify(event)) : content,
    contentType: event ? eventType : 'application/octet-stream',
    headers: letterHeaders(letter, event ? 'event' : 'bytes'),
  };
}

/** Reads what `encodeEventLetter` wrote; a message of another make is shown by its bytes. */
export function decodeEventLetter(message: GetMessage): EventLetterView {
  const { holds, ...read } = readLetterHeaders(message);
  const event = holds === 'event' ? decodeEvents(message.content).events[0] : undefined;
  return { ...read, event, ...(event ? {} : { content: message.content }) };
}
