import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { databaseFolder } from './database-folder.ts';

const root = process.getuid?.() === 0;
// Any user but root: these rules are about permissions, not about the database.
const user = { uid: 65_534, gid: 65_534 };
let home: string;
let dataDir: string;
let elsewhere: string;
beforeEach(() => {
  home = mkdtempSync(join(realpathSync(tmpdir()), 'sluice-database-folder-'));
  dataDir = join(home, 'closed', 'data');
  elsewhere = join(home, 'elsewhere');
  mkdirSync(dataDir, { recursive: true });
  mkdirSync(elsewhere);
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

const locate = (dir = dataDir) => databaseFolder(dir, user, () => {}, [elsewhere]);
const open = () => chmodSync(home, 0o711);

it('is within the data folder when not root', () => {
  expect(databaseFolder(dataDir, undefined, () => {})).toBe(join(dataDir, 'postgres'));
});

describe.runIf(root)('as root', () => {
  it("is within the data folder, in the server user's hands, where that user can reach it", () => {
    open();
    expect(locate()).toBe(join(dataDir, 'postgres'));
    expect(statSync(join(dataDir, 'postgres')).uid).toBe(user.uid);
  });

  describe('below a folder that is closed to others', () => {
    beforeEach(() => {
      open();
      mkdirSync(join(home, 'closed'), { recursive: true });
      chmodSync(join(home, 'closed'), 0o700);
    });

    it('is elsewhere, with a link to it, and the same at the next start', () => {
      const folder = locate();
      expect(folder.startsWith(elsewhere)).toBe(true);
      expect(lstatSync(join(dataDir, 'postgres')).isSymbolicLink()).toBe(true);
      writeFileSync(join(folder, 'row'), '');
      expect(locate()).toBe(folder);
      expect(statSync(join(folder, 'row')).isFile()).toBe(true);
    });

    it('is empty again when the data folder was removed', () => {
      const folder = locate();
      writeFileSync(join(folder, 'row'), '');
      rmSync(dataDir, { recursive: true });
      mkdirSync(dataDir);
      expect(locate()).toBe(folder);
      expect(() => statSync(join(folder, 'row'))).toThrow('ENOENT');
    });

    it('goes with a data folder that moved', () => {
      const folder = locate();
      const moved = join(home, 'closed', 'moved');
      renameSync(dataDir, moved);
      expect(locate(moved)).toBe(folder);
    });

    it('is not shared with a copied data folder', () => {
      const folder = locate();
      const copy = join(home, 'closed', 'copy');
      mkdirSync(copy);
      symlinkSync(readlinkSync(join(dataDir, 'postgres')), join(copy, 'postgres'));
      expect(locate(copy)).not.toBe(folder);
      expect(locate()).toBe(folder);
    });
  });
});
