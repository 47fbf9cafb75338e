/**
 * Settings of a Sluice in a test that is not about timeouts: what a busy machine keeps waiting for a second is no outage.
 * A test about timeouts gives the role that it is about shorter ones.
 */
export const patience = { CLAIM_TIMEOUT_MS: '10000', CONFIRM_TIMEOUT_MS: '20000' };
