/** `sluice audit`; resolves with whether every promise holds. */
export async function auditCommand(_options: {
  json?: boolean;
  sale?: string;
  log?: string;
}): Promise<boolean> {
  throw Object.assign(new Error('the audit is not there yet'), { code: 'unavailable' });
}
