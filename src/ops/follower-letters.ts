import type { OrderEvent } from '../order/events.ts';
import type { EventLetterBox, EventLetterView } from '../order/ports/events.ts';
import type { Actor, Trail } from '../order/ports/trail.ts';
import type { Logger } from '../platform/logger.ts';
import type { LetterChoice } from './dead-letters.ts';
import { readable, viewOfLetter } from './letter-view.ts';
import { createRecorder } from './recorder.ts';

/** What became of one letter. */
export interface HandledEventLetter {
  readonly id: string;
  /** `null`: the message was no event. */
  readonly eventId: string | null;
  /** `redriven`: it is in the follower's queue again, with all its attempts. `kept`: nothing has changed. */
  readonly outcome: 'redriven' | 'purged' | 'kept';
  /** Why, for people. */
  readonly because: string | null;
}

export interface HandledEventLetters {
  readonly letters: readonly HandledEventLetter[];
  /** IDs that no letter has. */
  readonly unknownIds: readonly string[];
}

/**
 * What operators do with the dead letters of followers. A letter is removed after the broker has confirmed its
 * event in the follower's queue: a crash in between leaves both, and the follower handles the event once.
 *
 * All reject with code `broker-away`, `no-such-queue` where there is no such follower, or as a publish does.
 */
export function createFollowerLetters(deps: {
  /** Makes the box of a follower; asked once for each. */
  boxOf: (follower: string) => EventLetterBox;
  /** Puts an event into a follower's queue; resolves with the broker's confirm. */
  enqueue: (follower: string, event: OrderEvent) => Promise<void>;
  trail: Pick<Trail, 'beginEntry' | 'endEntry'>;
  logger: Logger;
}) {
  const recorder = createRecorder(deps);
  const boxes = new Map<string, EventLetterBox>();

  /** The calls of one box wait for each other: two boxes would each see only the letters that the other leaves. */
  function boxOf(follower: string): EventLetterBox {
    const box = boxes.get(follower) ?? deps.boxOf(follower);
    boxes.set(follower, box);
    return box;
  }

  async function takeEach(
    follower: string,
    choice: LetterChoice,
    fateOf: (letter: EventLetterView) => Promise<Pick<HandledEventLetter, 'outcome' | 'because'>>,
  ): Promise<HandledEventLetters> {
    const letters: HandledEventLetter[] = [];
    const unknown = new Set(choice.ids);
    await boxOf(follower).take(
      (letter) => isChosen(letter, choice),
      async (letter) => {
        for (const id of idsOf(letter)) unknown.delete(id);
        const fate = await fateOf(letter);
        letters.push({ id: letter.id, eventId: letter.event?.id ?? null, ...fate });
        return fate.outcome === 'kept' ? 'keep' : 'done';
      },
    );
    return { letters, unknownIds: [...unknown] };
  }

  return {
    /** The oldest `limit` letters, for people and programs. */
    list: async (follower: string, limit: number) => (await boxOf(follower).list(limit)).map(viewOf),

    /** For one actor, whose name the audit trail keeps. */
    as(actor: Actor) {
      const record = recorder(actor);
      return {
        redrive: (follower: string, choice: LetterChoice) =>
          record(
            'follower redrive',
            { follower, ...choice },
            () =>
              takeEach(follower, choice, async ({ event }) => {
                if (!event) return { outcome: 'kept', because: 'it is no event: it can only be purged' };
                await deps.enqueue(follower, event);
                return { outcome: 'redriven', because: null };
              }),
            say,
          ),
        purge: (follower: string, choice: LetterChoice) =>
          record(
            'follower purge',
            { follower, ...choice },
            () => takeEach(follower, choice, async () => ({ outcome: 'purged', because: null })),
            say,
          ),
      };
    },
  };
}
export type FollowerLetters = ReturnType<typeof createFollowerLetters>;
export type ListedEventLetter = ReturnType<typeof viewOf>;

function viewOf({ event, content, ...letter }: EventLetterView) {
  return { ...viewOfLetter(letter), event: event ?? null, content: readable(content) };
}

function idsOf({ id, event }: EventLetterView): string[] {
  return event ? [id, event.id, event.data.transactionId] : [id];
}

function isChosen(letter: EventLetterView, { ids, saleId }: LetterChoice): boolean {
  if (saleId !== undefined && letter.event?.data.saleId !== saleId) return false;
  return ids === undefined || idsOf(letter).some((id) => ids.includes(id));
}

function say({ letters, unknownIds }: HandledEventLetters): string {
  const count = (wanted: string) => letters.filter(({ outcome }) => outcome === wanted).length;
  const parts = (['redriven', 'purged', 'kept'] as const)
    .filter((outcome) => count(outcome) > 0)
    .map((outcome) => `${count(outcome)} ${outcome}`);
  if (unknownIds.length > 0) parts.push(`${unknownIds.length} not there any more`);
  return parts.join(', ') || 'there was no such letter';
}
