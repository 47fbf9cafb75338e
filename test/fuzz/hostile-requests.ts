import type { Random } from '../../loadtest/random.ts';
import {
  mangledBytes,
  missingField,
  notJson,
  notUtf8,
  unknownField,
  wrongField,
  wrongKey,
  wrongType,
} from './hostile-contents.ts';
import {
  noise,
  otherProtocol,
  smuggled,
  strangeHead,
  tooLarge,
  wrongLength,
  wrongPath,
  wrongStatusRequest,
} from './hostile-heads.ts';
import type { Kind, Target } from './hostile-order.ts';
import { wrongForm, wrongPage } from './hostile-pages.ts';

/**
 * One broken or hostile request as bytes. Never an order that could be taken: what asks for the real SKU is wrong in
 * a way that each kind guarantees, and what is mangled blindly asks for a SKU that does not exist.
 */
export function hostileRequest(random: Random, target: Target): Buffer {
  return random.pick(kinds)(random, target);
}

const kinds: readonly Kind[] = [
  ...[
    wrongField,
    missingField,
    unknownField,
    notJson,
    mangledBytes,
    mangledBytes,
    notUtf8,
    wrongType,
    wrongKey,
  ],
  ...[
    wrongPath,
    wrongStatusRequest,
    smuggled,
    smuggled,
    strangeHead,
    wrongLength,
    tooLarge,
    noise,
    otherProtocol,
  ],
  ...[wrongForm, wrongPage],
];
