import { expect, it } from 'vitest';
import { canInstall, missingBinaries } from './install.ts';

it('does not install on systems without apt-get', () => {
  expect(canInstall('ID=fedora\nID_LIKE="rhel centos"\n')).toBe(false);
  expect(canInstall('')).toBe(false);
});

it.runIf(process.getuid?.() === 0)('installs as root on Debian, Ubuntu and their descendants', () => {
  expect(canInstall('ID=debian\n')).toBe(true);
  expect(canInstall('NAME="Ubuntu"\nID=ubuntu\nID_LIKE=debian\n')).toBe(true);
  expect(canInstall('ID=linuxmint\nID_LIKE="ubuntu debian"\n')).toBe(true);
});

it('names only what is missing', () => {
  const { message } = missingBinaries(['redis']);
  expect(message).toContain('apt-get install -y redis-server\n');
  expect(message).toContain('brew install redis\n');
});
