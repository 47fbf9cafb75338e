/** Where the answers of the server are cut off, with the connection. Once. */
export interface ReplyCut {
  /** Armed by the first request that contains this; absent: at once. A piece of one request must hold it whole. */
  readonly request?: string | Buffer;
  /** Of the answers: the piece in which this is found is the first that does not get through. */
  readonly reply?: string | Buffer;
  /** Without `reply`: so many bytes of the answers get through; default 0. */
  readonly afterBytes?: number;
}

/** What becomes of the answers of one proxy while a cut is set. */
export interface ReplyCutter {
  /** Sees what is sent to the server. */
  request(piece: Buffer): void;
  /** What of an answer still gets through, and whether the connection is to be cut behind it. */
  reply(piece: Buffer): { readonly through: Buffer; readonly cut: boolean };
  /** Whether a connection was cut. */
  done(): boolean;
}

export function createReplyCutter({ request, reply, afterBytes = 0 }: ReplyCut): ReplyCutter {
  let armed = request === undefined;
  let left = afterBytes;
  let done = false;
  return {
    request(piece) {
      if (!armed && piece.includes(request!)) armed = true;
    },
    reply(piece) {
      if (!armed || done) return { through: piece, cut: false };
      if (reply !== undefined) {
        done = piece.includes(reply);
        return { through: done ? piece.subarray(0, 0) : piece, cut: done };
      }
      const through = piece.subarray(0, left);
      left -= through.length;
      done = through.length < piece.length;
      return { through, cut: done };
    },
    done: () => done,
  };
}
