// @ts-nocheck
/**
 * Sluice
 * 1
 * DO NOT MODIFY - This file has been generated using oazapfts.
 * See https://www.npmjs.com/package/oazapfts
 */
import * as Oazapfts from "@oazapfts/runtime";
import * as QS from "@oazapfts/runtime/query";
export const defaults: Oazapfts.Defaults<Oazapfts.CustomHeaders> = {
    headers: {},
    baseUrl: "/"
};
const oazapfts = Oazapfts.runtime(defaults);
export const servers = {};
/**
 * Place an order
 */
export function placeOrder({ saleId, body }: {
    saleId: string;
    body: {
        /** Chosen by the shopper’s client, unique within the sale; a UUID is best. */
        transactionId?: string;
        sku: string;
        quantity: number;
        customerId: string;
    };
}, opts?: Oazapfts.RequestOpts) {
    return oazapfts.fetchJson<{
        status: 200;
        data: {
            saleId: string;
            transactionId: string;
            sku?: string;
            quantity?: number;
            status: "pending" | "accepted" | "confirmed" | "rejected" | "failed";
            /** Why it was not confirmed. */
            reason?: string;
            /** Place in line, at least 1; never grows. */
            position?: number;
            /** Estimated wait; absent while draining is paused. */
            etaSeconds?: number;
            acceptedAt?: string;
            settledAt?: string;
        };
    } | {
        status: 202;
        data: {
            saleId: string;
            transactionId: string;
            sku?: string;
            quantity?: number;
            status: "pending" | "accepted" | "confirmed" | "rejected" | "failed";
            /** Why it was not confirmed. */
            reason?: string;
            /** Place in line, at least 1; never grows. */
            position?: number;
            /** Estimated wait; absent while draining is paused. */
            etaSeconds?: number;
            acceptedAt?: string;
            settledAt?: string;
        };
    } | {
        status: 400;
        data: {
            "type": "/problems/invalid";
            title: string;
            status: number;
            detail?: string;
            errors?: {
                field: string;
                message: string;
            }[];
        };
    } | {
        status: 403;
        data: {
            "type": "/problems/customer-limit" | "/problems/sale-not-open" | "/problems/sale-closed";
            title: string;
            status: number;
            detail?: string;
            errors?: {
                field: string;
                message: string;
            }[];
        };
    } | {
        status: 404;
        data: {
            "type": "/problems/not-found" | "/problems/unknown-sale" | "/problems/unknown-sku" | "/problems/unknown-order";
            title: string;
            status: number;
            detail?: string;
            errors?: {
                field: string;
                message: string;
            }[];
        };
    } | {
        status: 409;
        data: {
            "type": "/problems/sold-out";
            title: string;
            status: number;
            detail?: string;
            errors?: {
                field: string;
                message: string;
            }[];
        };
    } | {
        status: 413;
        data: {
            "type": "/problems/too-large";
            title: string;
            status: number;
            detail?: string;
            errors?: {
                field: string;
                message: string;
            }[];
        };
    } | {
        status: 415;
        data: {
            "type": "/problems/unsupported-media-type";
            title: string;
            status: number;
            detail?: string;
            errors?: {
                field: string;
                message: string;
            }[];
        };
    } | {
        status: 422;
        data: {
            "type": "/problems/transaction-id-reused";
            title: string;
            status: number;
            detail?: string;
            errors?: {
                field: string;
                message: string;
            }[];
        };
    } | {
        status: 429;
        data: {
            "type": "/problems/rate-limited";
            title: string;
            status: number;
            detail?: string;
            errors?: {
                field: string;
                message: string;
            }[];
        };
    } | {
        status: 503;
        data: {
            "type": "/problems/unavailable" | "/problems/outcome-unknown";
            title: string;
            status: number;
            detail?: string;
            errors?: {
                field: string;
                message: string;
            }[];
        };
    }>(`/sales/${encodeURIComponent(saleId)}/orders`, oazapfts.json({
        ...opts,
        method: "POST",
        body
    }));
}
/**
 * The truth about an order
 */
export function readOrder({ saleId, transactionId }: {
    saleId: string;
    transactionId: string;
}, opts?: Oazapfts.RequestOpts) {
    return oazapfts.fetchJson<{
        status: 200;
        data: {
            saleId: string;
            transactionId: string;
            sku?: string;
            quantity?: number;
            status: "pending" | "accepted" | "confirmed" | "rejected" | "failed";
            /** Why it was not confirmed. */
            reason?: string;
            /** Place in line, at least 1; never grows. */
            position?: number;
            /** Estimated wait; absent while draining is paused. */
            etaSeconds?: number;
            acceptedAt?: string;
            settledAt?: string;
        };
    } | {
        status: 400;
        data: {
            "type": "/problems/invalid";
            title: string;
            status: number;
            detail?: string;
            errors?: {
                field: string;
                message: string;
            }[];
        };
    } | {
        status: 404;
        data: {
            "type": "/problems/not-found" | "/problems/unknown-sale" | "/problems/unknown-sku" | "/problems/unknown-order";
            title: string;
            status: number;
            detail?: string;
            errors?: {
                field: string;
                message: string;
            }[];
        };
    } | {
        status: 429;
        data: {
            "type": "/problems/rate-limited";
            title: string;
            status: number;
            detail?: string;
            errors?: {
                field: string;
                message: string;
            }[];
        };
    } | {
        status: 503;
        data: {
            "type": "/problems/unavailable" | "/problems/outcome-unknown";
            title: string;
            status: number;
            detail?: string;
            errors?: {
                field: string;
                message: string;
            }[];
        };
    }>(`/sales/${encodeURIComponent(saleId)}/orders/${encodeURIComponent(transactionId)}`, {
        ...opts
    });
}
/**
 * The same as server-sent events, until settled
 */
export function followOrder({ saleId, transactionId }: {
    saleId: string;
    transactionId: string;
}, opts?: Oazapfts.RequestOpts) {
    return oazapfts.fetchJson<{
        status: 200;
        data: string;
    } | {
        status: 204;
    } | {
        status: 400;
        data: {
            "type": "/problems/invalid";
            title: string;
            status: number;
            detail?: string;
            errors?: {
                field: string;
                message: string;
            }[];
        };
    } | {
        status: 404;
        data: {
            "type": "/problems/not-found" | "/problems/unknown-sale" | "/problems/unknown-sku" | "/problems/unknown-order";
            title: string;
            status: number;
            detail?: string;
            errors?: {
                field: string;
                message: string;
            }[];
        };
    } | {
        status: 429;
        data: {
            "type": "/problems/rate-limited";
            title: string;
            status: number;
            detail?: string;
            errors?: {
                field: string;
                message: string;
            }[];
        };
    } | {
        status: 503;
        data: {
            "type": "/problems/unavailable" | "/problems/outcome-unknown";
            title: string;
            status: number;
            detail?: string;
            errors?: {
                field: string;
                message: string;
            }[];
        };
    }>(`/sales/${encodeURIComponent(saleId)}/orders/${encodeURIComponent(transactionId)}/events`, {
        ...opts
    });
}
/**
 * Best sellers and fastest buyers of a sale, from its confirmed orders
 */
export function readRanking({ saleId }: {
    saleId: string;
}, opts?: Oazapfts.RequestOpts) {
    return oazapfts.fetchJson<{
        status: 200;
        data: {
            saleId: string;
            asOf: string;
            bestSellers: {
                /** From 1. */
                rank?: number;
                sku?: string;
                name?: string;
                pieces?: number;
                orders?: number;
            }[];
            fastestBuyers: {
                /** From 1. */
                rank?: number;
                /** Masked. */
                customer?: string;
                sku?: string;
                /** To the claim. */
                secondsAfterOpening?: number;
            }[];
        };
    } | {
        status: 400;
        data: {
            "type": "/problems/invalid";
            title: string;
            status: number;
            detail?: string;
            errors?: {
                field: string;
                message: string;
            }[];
        };
    } | {
        status: 404;
        data: {
            "type": "/problems/not-found" | "/problems/unknown-sale" | "/problems/unknown-sku" | "/problems/unknown-order";
            title: string;
            status: number;
            detail?: string;
            errors?: {
                field: string;
                message: string;
            }[];
        };
    } | {
        status: 503;
        data: {
            "type": "/problems/unavailable" | "/problems/outcome-unknown";
            title: string;
            status: number;
            detail?: string;
            errors?: {
                field: string;
                message: string;
            }[];
        };
    }>(`/sales/${encodeURIComponent(saleId)}/ranking`, {
        ...opts
    });
}
/**
 * All sales
 */
export function listSales(opts?: Oazapfts.RequestOpts) {
    return oazapfts.fetchJson<{
        status: 200;
        data: {
            sales?: {
                saleId: string;
                opensAt: string;
                closesAt: string;
                state: "upcoming" | "open" | "closed" | "rebuilding";
                items: {
                    sku: string;
                    name: string;
                    priceMinor: number;
                    customerLimit?: number;
                    /** Pieces that can still be claimed. */
                    stockLeft?: number;
                }[];
            }[];
        };
    }>("/sales", {
        ...opts
    });
}
/**
 * One sale, with the stock that can still be claimed
 */
export function readSale({ saleId }: {
    saleId: string;
}, opts?: Oazapfts.RequestOpts) {
    return oazapfts.fetchJson<{
        status: 200;
        data: {
            saleId: string;
            opensAt: string;
            closesAt: string;
            state: "upcoming" | "open" | "closed" | "rebuilding";
            items: {
                sku: string;
                name: string;
                priceMinor: number;
                customerLimit?: number;
                /** Pieces that can still be claimed. */
                stockLeft?: number;
            }[];
            /** Now, by the clock that opens the sale: for countdowns. */
            serverTime?: string;
        };
    } | {
        status: 400;
        data: {
            "type": "/problems/invalid";
            title: string;
            status: number;
            detail?: string;
            errors?: {
                field: string;
                message: string;
            }[];
        };
    } | {
        status: 404;
        data: {
            "type": "/problems/not-found" | "/problems/unknown-sale" | "/problems/unknown-sku" | "/problems/unknown-order";
            title: string;
            status: number;
            detail?: string;
            errors?: {
                field: string;
                message: string;
            }[];
        };
    }>(`/sales/${encodeURIComponent(saleId)}`, {
        ...opts
    });
}
/**
 * The process is alive
 */
export function isAlive(opts?: Oazapfts.RequestOpts) {
    return oazapfts.fetchJson<{
        status: 200;
        data: {
            status: "alive";
        };
    }>("/livez", {
        ...opts
    });
}
/**
 * Orders can be taken
 */
export function isReady(opts?: Oazapfts.RequestOpts) {
    return oazapfts.fetchJson<{
        status: 200;
        data: {
            status: "ready" | "unready";
            /** What is wrong; empty where nothing is. */
            reasons: string[];
        };
    } | {
        status: 503;
        data: {
            status: "ready" | "unready";
            /** What is wrong; empty where nothing is. */
            reasons: string[];
        };
    }>("/readyz", {
        ...opts
    });
}
/**
 * What a problem type means
 */
export function explainProblem({ name }: {
    name: string;
}, opts?: Oazapfts.RequestOpts) {
    return oazapfts.fetchJson<{
        status: 200;
        data: {
            "type": string;
            status: number;
            title: string;
            explanation: string;
        };
    } | {
        status: 404;
        data: {
            "type": "/problems/not-found" | "/problems/unknown-sale" | "/problems/unknown-sku" | "/problems/unknown-order";
            title: string;
            status: number;
            detail?: string;
            errors?: {
                field: string;
                message: string;
            }[];
        };
    }>(`/problems/${encodeURIComponent(name)}`, {
        ...opts
    });
}
