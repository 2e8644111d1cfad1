// Made by `npm run gen:api` from openapi.json. Do not edit.

export interface paths {
    "/api/signalbox/v1/alerts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Active alerts, silences and who was told */
        get: operations["alerts"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/signalbox/v1/audit": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Who did what, newest first */
        get: operations["audit"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/signalbox/v1/audit/digests": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The signed digests, one for each hour */
        get: operations["audit-digests"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/signalbox/v1/audit/export": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The chain as a file that verifies offline (JSON Lines) */
        get: operations["audit-export"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/signalbox/v1/audit/key": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The public key that verifies an export */
        get: operations["audit-key"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/signalbox/v1/audit/rotate": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Sign with a new key from now on; the old one vouches for it */
        post: operations["audit-rotate"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/signalbox/v1/audit/verify": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Verify the whole chain and name the first broken record */
        get: operations["audit-verify"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/signalbox/v1/board": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The board: verdict, counts, tiles, what happens now */
        get: operations["board"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/signalbox/v1/boards": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The boards that are kept as policies */
        get: operations["boards"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/signalbox/v1/boards/{name}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One board with its panels and variables */
        get: operations["board-page"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/signalbox/v1/changes": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What happened around the KPIs: revisions, deploys, silences */
        get: operations["changes"];
        put?: never;
        /** Report a deploy or another change */
        post: operations["report-change"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/signalbox/v1/confirm": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Prove to be there, which approving asks for */
        post: operations["confirm"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/signalbox/v1/correlate": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Everything of one trace, session, business id or person */
        get: operations["correlate"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/signalbox/v1/decisions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Decision records, newest first */
        get: operations["decisions"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/signalbox/v1/decisions/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One decision record */
        get: operations["decision"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/signalbox/v1/demo": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** State of the demo; 404 outside it */
        get: operations["demo"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/signalbox/v1/demo/{service}/{action}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Break or heal a service of the demo */
        post: operations["demo-switch"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/signalbox/v1/demo/mails": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The demo's mailbox, newest first */
        get: operations["demo-mails"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/signalbox/v1/demo/mails/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One mail of the demo */
        get: operations["demo-mail"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/signalbox/v1/errors": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Errors by type, message, service and route */
        get: operations["errors"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/signalbox/v1/errors/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One error over time */
        get: operations["error"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/signalbox/v1/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Search events, newest first */
        get: operations["events"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/signalbox/v1/events/count": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** How many events there are */
        get: operations["events-count"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/signalbox/v1/events/export": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One day of events as a Parquet file */
        get: operations["events-export"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/signalbox/v1/events/facets": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The values of fields, most frequent first */
        get: operations["events-facets"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/signalbox/v1/events/fields": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What can be searched by */
        get: operations["events-fields"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/signalbox/v1/events/histogram": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** How many events over time */
        get: operations["events-histogram"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/signalbox/v1/exports": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Which rows left the house, newest first, and how the schedule is doing */
        get: operations["exports"];
        put?: never;
        /** Write days to the pipeline's folder now */
        post: operations["export-days"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/signalbox/v1/feedback": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What people say of the KPIs, newest first */
        get: operations["feedback"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/signalbox/v1/feedback/{id}/answer": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Close feedback with an answer */
        post: operations["answer-feedback"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/signalbox/v1/import": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Turn what another tool wrote into policy documents; nothing is stored */
        post: operations["import"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/signalbox/v1/kpis": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** All KPIs */
        get: operations["kpis"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/signalbox/v1/kpis/{name}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One KPI */
        get: operations["kpi"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/signalbox/v1/kpis/{name}/budget": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Error budget left over time */
        get: operations["kpi-budget"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/signalbox/v1/kpis/{name}/decisions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Decision records of a KPI, newest first */
        get: operations["kpi-decisions"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/signalbox/v1/kpis/{name}/feedback": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Say whether a KPI is relevant and accurate */
        post: operations["give-feedback"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/signalbox/v1/kpis/{name}/groups": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Where it fails */
        get: operations["kpi-groups"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/signalbox/v1/kpis/{name}/leads": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Where a KPI's period leads: searches for its traces, logs and events */
        get: operations["kpi-leads"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/signalbox/v1/kpis/{name}/series": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** History of a KPI or a group */
        get: operations["kpi-series"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/signalbox/v1/kpis/{name}/value": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One fresh number for an autoscaler, or 503 */
        get: operations["kpi-value"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/signalbox/v1/kpis/{name}/why": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Why somebody was paged, or was not, from stored facts */
        get: operations["kpi-why"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/signalbox/v1/login": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Sign in with name and password, a one-time code or a token */
        post: operations["login"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/signalbox/v1/logout": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** End the session */
        post: operations["logout"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/signalbox/v1/logs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Search logs, newest first */
        get: operations["logs"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/signalbox/v1/logs/context": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What stood before and after a line */
        get: operations["logs-context"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/signalbox/v1/logs/count": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** How many logs there are */
        get: operations["logs-count"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/signalbox/v1/logs/export": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One day of logs as a Parquet file */
        get: operations["logs-export"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/signalbox/v1/logs/facets": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The values of fields, most frequent first */
        get: operations["logs-facets"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/signalbox/v1/logs/fields": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What can be searched by */
        get: operations["logs-fields"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/signalbox/v1/logs/histogram": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** How many logs over time */
        get: operations["logs-histogram"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/signalbox/v1/me": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Who is signed in */
        get: operations["me"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/signalbox/v1/password": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Change a password */
        post: operations["set-password"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/signalbox/v1/policies": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** All policies in force */
        get: operations["policies"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/signalbox/v1/policies/{kind}/{name}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One policy with its document */
        get: operations["policy"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/signalbox/v1/policies/{kind}/{name}/revert": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Propose an earlier revision */
        post: operations["revert-policy"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/signalbox/v1/policies/{kind}/{name}/revisions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Revisions of a policy, newest first */
        get: operations["policy-revisions"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/signalbox/v1/policies/backtest": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** What documents would have done, beside what is in force */
        post: operations["backtest-policies"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/signalbox/v1/policies/check": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** What documents would be: findings, sentences, a preview of the light */
        post: operations["check-policies"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/signalbox/v1/policies/export": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The documents in force */
        get: operations["policies-export"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/signalbox/v1/policies/schema/{kind}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** JSON Schema of a kind, for editors */
        get: operations["policy-schema"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/signalbox/v1/privacy/erase": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Erase everything that is kept of a person */
        post: operations["privacy-erase"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/signalbox/v1/privacy/export": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Everything that is kept of a person, as a zip of JSON lines */
        post: operations["privacy-export"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/signalbox/v1/privacy/requests": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Requests of data subjects, newest first */
        get: operations["privacy-requests"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/signalbox/v1/privacy/requests/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One request with its certificate */
        get: operations["privacy-request"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/signalbox/v1/proposals": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Proposals, newest first */
        get: operations["proposals"];
        put?: never;
        /** Propose a change; it is applied at once where no approval is asked for */
        post: operations["propose"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/signalbox/v1/proposals/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One proposal with diff, sentences, votes and back-test */
        get: operations["proposal"];
        /** Edit a proposal; votes and back-test are void */
        put: operations["edit-proposal"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/signalbox/v1/proposals/{id}/apply": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Apply a proposal that has what it needs */
        post: operations["apply-proposal"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/signalbox/v1/proposals/{id}/approve": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Approve what was read; never one's own, never by a token */
        post: operations["approve-proposal"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/signalbox/v1/proposals/{id}/backtest": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Stop the back-test */
        delete: operations["cancel-backtest"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/signalbox/v1/proposals/{id}/cancel": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Take one's own proposal back */
        post: operations["cancel-proposal"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/signalbox/v1/proposals/{id}/comment": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Say something in the discussion */
        post: operations["comment-proposal"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/signalbox/v1/proposals/{id}/rebase": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Put a stale proposal on what is in force now and test it again */
        post: operations["rebase-proposal"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/signalbox/v1/proposals/{id}/reject": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Reject, with a reason */
        post: operations["reject-proposal"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/signalbox/v1/proposals/{id}/test": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Start the back-test */
        post: operations["test-proposal"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/signalbox/v1/receivers/test": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Send a test message */
        post: operations["test-receiver"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/signalbox/v1/reviews": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The review calendar, the most urgent first */
        get: operations["reviews"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/signalbox/v1/reviews/{kind}/{name}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Say that a policy was looked at and what was found */
        post: operations["complete-review"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/signalbox/v1/roles": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Which role may do what */
        get: operations["roles"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/signalbox/v1/services": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Which service calls which, how much, how well and how fast */
        get: operations["services"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/signalbox/v1/sessions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Own sessions; everybody's for who may read people */
        get: operations["sessions"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/signalbox/v1/sessions/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** End a session */
        delete: operations["end-session"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/signalbox/v1/silences": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Make or replace a silence */
        post: operations["create-silence"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/signalbox/v1/silences/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** End a silence now */
        delete: operations["expire-silence"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/signalbox/v1/silences/preview": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** What a silence would match now */
        post: operations["preview-silence"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/signalbox/v1/sources": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Where samples come from, late ones first */
        get: operations["sources"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/signalbox/v1/spans": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Search spans, newest first */
        get: operations["spans"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/signalbox/v1/spans/count": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** How many spans there are */
        get: operations["spans-count"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/signalbox/v1/spans/export": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One day of spans as a Parquet file */
        get: operations["spans-export"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/signalbox/v1/spans/facets": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The values of fields, most frequent first */
        get: operations["spans-facets"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/signalbox/v1/spans/fields": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What can be searched by */
        get: operations["spans-fields"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/signalbox/v1/spans/histogram": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** How many spans over time */
        get: operations["spans-histogram"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/signalbox/v1/status": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** How the server is doing */
        get: operations["status"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/signalbox/v1/stream": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Server-sent events
         * @description `kpis` after KPIs changed (views without sparkline and strip), `alerts` and `policies` after those changed (ask again), `sources` when the number of late sources changed, `ping` at once and every 10 s. Open the stream before you ask for the board, and ask again after it reconnects: nothing is replayed. A client that does not read is dropped.
         */
        get: operations["stream"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/signalbox/v1/tail/{table}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Watch rows arrive
         * @description Server-sent events named `rows` with what was stored since the one before, at most four a second. A reader that is slow misses rows and is told how many.
         */
        get: operations["tail"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/signalbox/v1/tokens": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Own API tokens; everybody's for who may read people */
        get: operations["tokens"];
        put?: never;
        /** Make an API token; its secret is shown once */
        post: operations["create-token"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/signalbox/v1/tokens/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** End an API token */
        delete: operations["revoke-token"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/signalbox/v1/traces": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Search traces by their spans, newest first */
        get: operations["traces"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/signalbox/v1/traces/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One trace with its logs and events */
        get: operations["trace"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/signalbox/v1/traces/count": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** How many traces there are */
        get: operations["traces-count"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/signalbox/v1/usage/actives": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** How many people were active */
        get: operations["usage-actives"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/signalbox/v1/usage/adoption": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Who uses what */
        get: operations["usage-adoption"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/signalbox/v1/usage/funnel": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** How many people get through steps */
        get: operations["usage-funnel"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/signalbox/v1/usage/kpi": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** The policy of a KPI for a number of usage; what it needs is measured from then on */
        post: operations["usage-kpi"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/signalbox/v1/usage/people": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** How many people and sessions some rows tell of */
        get: operations["usage-people"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/signalbox/v1/usage/retention": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Who came back */
        get: operations["usage-retention"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/signalbox/v1/usage/sessions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Sessions, how long they last and what is done in them */
        get: operations["usage-sessions"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/signalbox/v1/usage/success": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** How many transactions came to their end in time */
        get: operations["usage-success"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/signalbox/v1/users": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** All people */
        get: operations["users"];
        put?: never;
        /** Make a user */
        post: operations["create-user"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/signalbox/v1/users/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One person: oneself, or anybody for who may read people */
        get: operations["user"];
        /** Rename, disable or grant roles */
        put: operations["update-user"];
        post?: never;
        /** Remove a user */
        delete: operations["remove-user"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/signalbox/v1/why/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What a decision, a message or a silence was about */
        get: operations["why"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        ActivePoint: {
            /** Format: int64 */
            at: number;
            complete: boolean;
            /** Format: int64 */
            events: number;
            /** Format: int64 */
            new: number;
            /** Format: int64 */
            people: number;
        };
        Actives: {
            apps: components["schemas"]["App"][];
            /** Format: int64 */
            day: number;
            /** Format: int64 */
            month: number;
            notes: string[];
            period: string;
            points: components["schemas"]["ActivePoint"][];
            standing: boolean;
            /** Format: double */
            stickiness: number | null;
            /** Format: int64 */
            week: number;
        };
        Adoption: {
            /** Format: int64 */
            actives: number;
            features: components["schemas"]["Feature"][];
            kind: string;
            notes: string[];
            standing: boolean;
        };
        Alert: {
            annotations: {
                [key: string]: string;
            };
            fingerprint: string;
            inhibited_by: string[];
            labels: {
                [key: string]: string;
            };
            muted_by: string[];
            receivers: string[];
            silenced_by: string[];
            /** Format: int64 */
            starts_at: number;
            /** @enum {string} */
            state: "active" | "suppressed" | "unprocessed";
            /** Format: int64 */
            updated_at: number;
        };
        AlertGroup: {
            fingerprints: string[];
            labels: {
                [key: string]: string;
            };
            receiver: string;
        };
        AlertsBody: {
            active: components["schemas"]["Alert"][];
            groups: components["schemas"]["AlertGroup"][];
            /** @description Newest first */
            receipts: components["schemas"]["Receipt"][];
            /** @description Active, pending and lately expired */
            silences: components["schemas"]["Silence"][];
        };
        AnswerInput: {
            answer: string;
        };
        App: {
            agency: string;
            env: string;
            service: string;
        };
        ApproveInput: {
            comment?: string;
            /** @description The proposal's hash as it was read: another one is a conflict */
            hash: string;
        };
        Attribute: {
            name: string;
            value: string;
        };
        AuditActor: {
            id: string;
            kind?: string;
            name?: string;
        };
        AuditBody: {
            head: components["schemas"]["AuditPoint"];
            /** @description There are older ones: ask again with before = the last seq */
            more: boolean;
            records: components["schemas"]["AuditRecord"][];
        };
        AuditDigest: {
            /** Format: int64 */
            at: number;
            /** @description The hour lies before the end of the digest before: the clock was set back */
            clock_back?: boolean;
            /** Format: int64 */
            count: number;
            /** Format: int64 */
            first_seq: number;
            /** Format: int64 */
            from: number;
            /** @description SHA-256 of this digest's canonical JSON */
            hash?: string;
            head: string;
            /** @description Fingerprint of the key that signed */
            key: string;
            /** Format: int64 */
            last_seq: number;
            /** @description Written long after the hour: the process was down at its end */
            late?: boolean;
            /** Format: int64 */
            number: number;
            /** @description SHA-256 of the digest before, empty for the first */
            previous?: string;
            previous_signature?: string;
            signature?: string;
            /** Format: int64 */
            to: number;
        };
        AuditKey: {
            /** Format: int64 */
            created_at: number;
            endorsed: string;
            fingerprint: string;
            public_key: string;
            vouched: string;
        };
        AuditObject: {
            kind?: string;
            name?: string;
        };
        AuditPoint: {
            /** Format: int64 */
            at: number;
            hash: string;
            /** Format: int64 */
            seq: number;
        };
        AuditRecord: {
            action: string;
            actor: components["schemas"]["AuditActor"];
            /** @description Content hash after */
            after?: string;
            /** Format: int64 */
            at: number;
            /** @description Content hash before */
            before?: string;
            /**
             * Format: int64
             * @description Milliseconds by which the clock stood before the record before: it was set back
             */
            clock_back?: number;
            detail?: {
                [key: string]: string;
            };
            /** @description Of the chain up to this record */
            hash?: string;
            object: components["schemas"]["AuditObject"];
            /** @enum {string} */
            outcome: "done" | "denied" | "failed";
            reason?: string;
            /** @description Request id */
            request?: string;
            /** Format: int64 */
            seq: number;
            /** @description Remote address */
            source?: string;
        };
        Average: {
            /** Format: int64 */
            cohorts: number;
            /** Format: double */
            share: number | null;
        };
        Axis: {
            /** Format: int64 */
            decimals: number;
            /** Format: double */
            factor: number;
            unit: string;
        };
        BacktestBody: {
            results: components["schemas"]["BacktestComparison"][];
            sentence: string;
        };
        BacktestComparison: {
            /**
             * Format: int64
             * @description As asked for, Unix ms
             */
            from: number;
            kpi: string;
            /** @description null for a new KPI */
            now: components["schemas"]["Side"] | null;
            /** @description null for a removal */
            proposed: components["schemas"]["Side"] | null;
            /** @example Five more pages in 90 days, one real incident caught that was missed, and the board would show Breached today. */
            sentence: string;
            title: string;
            /** Format: int64 */
            to: number;
            /**
             * Format: double
             * @description Seconds of computing
             */
            took_s: number;
            unit: string;
        };
        BacktestDay: {
            /** @example 2026-04-14 */
            day: string;
            /** @enum {string} */
            light: "green" | "yellow" | "red" | "grey" | "none";
        };
        BacktestGroup: {
            chart: components["schemas"]["Chart"] | null;
            labels: components["schemas"]["Labels"];
            /** @description By light */
            minutes: {
                [key: string]: number;
            };
            /** Format: int64 */
            pages: number;
            spans: components["schemas"]["BacktestSpan"][];
        };
        BacktestInput: {
            /**
             * Format: int64
             * @default 30
             */
            days?: number;
            documents: components["schemas"]["Text"][];
        };
        BacktestPage: {
            /** @enum {string} */
            cause: "threshold" | "burn" | "no_data";
            /** Format: int64 */
            from: number;
            group: components["schemas"]["Labels"];
            /** @description It began between 22:00 and 06:00 in the zone of the test */
            night: boolean;
            /**
             * @description What the troubleshooting log says of that time
             * @enum {string}
             */
            real: "real" | "noise" | "unlabelled";
            /**
             * Format: int64
             * @description 0 while it is still open at the end
             */
            to: number;
        };
        BacktestSpan: {
            /** Format: int64 */
            from: number;
            /** @enum {string} */
            light: "green" | "yellow" | "red" | "grey";
            /** Format: int64 */
            to: number;
        };
        Band: {
            /** @enum {string} */
            after: "insufficient" | "ok" | "alarm";
            /** @enum {string} */
            before: "insufficient" | "ok" | "alarm";
            /** Format: int64 */
            breaching: number;
            /** Format: int64 */
            filled: number;
            note: string;
            /** Format: int64 */
            real: number;
            /** @example 3 of 3 > 3% */
            rule: string;
            treatment: string;
        };
        Board: {
            /** Format: int64 */
            as_of: number;
            changes: components["schemas"]["Change"][];
            /** @description Over all KPIs, whatever the filter */
            counts: components["schemas"]["Counts"];
            /** @description All label names of KPIs, for the filter and for grouping */
            label_names: string[];
            /**
             * Format: int64
             * @description KPIs that match the filter
             */
            matching: number;
            now: components["schemas"]["Happening"][];
            /** @description All owners, for the filter */
            owners: string[];
            /** @description Strips or sparklines are still being read; ask again */
            partial: boolean;
            sources: components["schemas"]["SourcesSummary"];
            /** @description Matching the filter, worst first, at most 2,000 */
            tiles: components["schemas"]["Tile"][];
            /**
             * Format: int64
             * @description All KPIs, whatever the filter
             */
            total: number;
            /** @description Over all KPIs, whatever the filter */
            verdict: components["schemas"]["Verdict"];
        };
        BoardPage: {
            description: string;
            /** @description Empty: everybody */
            for_roles: string[];
            name: string;
            owner: string;
            /** Format: int64 */
            panel_count: number;
            panels: components["schemas"]["Panel"][];
            teams: string[];
            title: string;
            variables: components["schemas"]["BoardVariable"][];
        };
        BoardsBody: {
            boards: components["schemas"]["BoardSummary"][];
        };
        BoardSummary: {
            description: string;
            /** @description Empty: everybody */
            for_roles: string[];
            name: string;
            owner: string;
            /** Format: int64 */
            panel_count: number;
            teams: string[];
            title: string;
        };
        BoardVariable: {
            label: string;
            name: string;
            /** @description Empty: all */
            value: string;
            values: string[];
        };
        Break: {
            /**
             * Format: int64
             * @description Unix ms: what the record or digest says about its time
             */
            at?: number;
            /**
             * Format: int64
             * @description Number of the digest concerned
             */
            digest?: number;
            kind: string;
            /**
             * Format: int64
             * @description Line of the file
             */
            line?: number;
            /**
             * Format: int64
             * @description The first record concerned
             */
            seq?: number;
            /**
             * Format: int64
             * @description The last record concerned, where one among several was changed
             */
            to?: number;
            /** @description A sentence */
            what: string;
        };
        Budget: {
            /** Format: double */
            attained: number | null;
            /**
             * @description The fastest burn of the paging pairs
             * @example 14.8 × allowed over 1 h, pages at 14.4 ×
             */
            burn_text: string;
            burns: components["schemas"]["Burn"][];
            cause: string;
            /** @description The share left as a person reads it */
            display: components["schemas"]["Display"];
            /** Format: double */
            good: number | null;
            /** @enum {string} */
            light: "green" | "yellow" | "red" | "grey";
            /**
             * Format: double
             * @description Share of the window that has data
             */
            observed: number | null;
            /** @description The window is longer than what was observed so far */
            partial: boolean;
            /**
             * Format: double
             * @description Share of the budget left: 1 untouched, negative overspent, null without data
             */
            remaining: number | null;
            /** @example 24 % of error budget left */
            sentence: string;
            /** Format: double */
            target: number | null;
            /** Format: double */
            total: number | null;
            window: string;
        };
        Burn: {
            burning: boolean;
            /** @example 14.8 × over 1 h, limit 14.4 × */
            display: string;
            /** Format: double */
            factor: number | null;
            /** Format: int64 */
            long_ms: number;
            /**
             * Format: double
             * @description Burn over the long window; 1 spends the budget exactly
             */
            long_rate: number | null;
            /** @enum {string} */
            severity: "page" | "ticket";
            /** Format: int64 */
            short_ms: number;
            /** Format: double */
            short_rate: number | null;
        };
        BurnDown: {
            remaining: (number | null)[];
            /**
             * Format: int64
             * @description When it will be spent at the burn of the last hour, 0 if it will not
             */
            runs_out_at: number;
            sentence: string;
            /**
             * Format: int64
             * @description When the budget was last spent, 0 if it is not
             */
            spent_at: number;
            t: number[];
            window: string;
        };
        Certificate: {
            /** Format: int64 */
            asked_at: number;
            by: components["schemas"]["AuditActor"];
            /**
             * Format: int64
             * @description Size of the deleted files; in certificates of before 2026-11-22 by how much files shrank
             */
            bytes: number;
            /** @description SHA-256 of this certificate as canonical JSON with an empty digest */
            digest: string;
            /** Format: int64 */
            ended_at: number;
            /**
             * Format: int64
             * @description Files that held the rows: all were deleted, after what else they held was written anew
             */
            files: number;
            /**
             * Format: int64
             * @description Of these, files that held nothing else
             */
            files_whole?: number;
            /** @description These places, and what they knew */
            forgot?: components["schemas"]["Forgot"][];
            /**
             * Format: int64
             * @description Time of the oldest row removed; 0 if there was none
             */
            from: number;
            /**
             * Format: int64
             * @description How often the erasure broke off and began again; rows removed before that are not in the counts
             */
            interrupted: number;
            /** @description Keys by which pseudonyms were looked for */
            keys: number[];
            /** @description Keys that had been destroyed before: what they served is expired or anonymous */
            keys_destroyed: number[];
            /** @enum {string} */
            kind: "erase" | "export";
            /** @description Exports that had left the house before and were not reached */
            left: components["schemas"]["Left"][];
            /**
             * Format: int64
             * @description How many places besides the row store were asked to forget the pseudonyms
             */
            others: number;
            /** Format: int64 */
            request: number;
            /** @description Rows removed or handed out, by table */
            rows: {
                [key: string]: number;
            };
            /** @description What was looked for */
            searched: string[];
            /** Format: int64 */
            to: number;
        };
        Change: {
            /** Format: int64 */
            at: number;
            detail: string;
            kpi: string;
            /** @enum {string} */
            letter: "D" | "P" | "F" | "C" | "N" | "A";
            title: string;
            word: string;
        };
        ChangeInput: {
            /**
             * Format: int64
             * @description Unix ms; now when left out
             */
            at?: number;
            detail?: string;
            /** @description The reporter's own id: the same again is not a second change */
            id?: string;
            /**
             * @default deploy
             * @enum {string}
             */
            kind?: "deploy" | "flag" | "config" | "note" | "action";
            /** @description Only this KPI */
            kpi?: string;
            /** @description What it concerns, such as service and env; it is shown on the KPIs whose labels agree */
            labels?: {
                [key: string]: string;
            };
            /** @description https address with more */
            link?: string;
            /** @example Deploy 4.2 */
            title: string;
        };
        ChangesBody: {
            changes: components["schemas"]["Mark"][];
        };
        Chart: {
            t: number[];
            value: (number | null)[];
        };
        CheckBody: {
            changes: components["schemas"]["PolicyChange"][];
            findings: components["schemas"]["Finding"][];
            need: components["schemas"]["Need"];
            previews: components["schemas"]["Preview"][];
        };
        CheckInput: {
            documents: components["schemas"]["Text"][];
            /** @description Also judge the last hours by each KPI as written */
            preview?: boolean;
        };
        Cohort: {
            /** Format: int64 */
            at: number;
            cells: components["schemas"]["RetentionCell"][];
            /** Format: int64 */
            size: number;
        };
        Comment: {
            /** Format: int64 */
            at: number;
            /** Format: int64 */
            id: number;
            /** @enum {string} */
            kind: "comment" | "propose" | "edit" | "test" | "approve" | "reject" | "apply" | "rebase" | "expire" | "supersede" | "schedule" | "fail" | "revert" | "emergency";
            text: string;
            who: components["schemas"]["Who"];
        };
        ConfigState: {
            /** @description Why the newest reload was refused; empty when it was not */
            error: string;
            file: string;
            /** Format: int64 */
            loaded_at: number;
            /** @description Keys that say something else than at the start, and that only a restart takes over */
            restart: string[];
        };
        ConfirmInput: {
            /** Format: password */
            password: string;
        };
        ContextBody: {
            after: components["schemas"]["Row"][];
            before: components["schemas"]["Row"][];
        };
        CountBody: {
            /**
             * Format: double
             * @description Rows that happened: each counts by its weight
             */
            count: number;
            /**
             * Format: double
             * @description Rows that are stored
             */
            rows: number;
        };
        Counts: {
            /** Format: int64 */
            green: number;
            /** Format: int64 */
            grey: number;
            /** Format: int64 */
            paused: number;
            /** Format: int64 */
            red: number;
            /** Format: int64 */
            yellow: number;
        };
        Day: {
            /**
             * @description UTC
             * @example 2026-11-21
             */
            day: string;
            /**
             * @description none: not judged that day
             * @enum {string}
             */
            light: "green" | "yellow" | "red" | "grey" | "none";
        };
        Decision: {
            /**
             * Format: int64
             * @description When it was judged
             */
            at: number;
            budget: components["schemas"]["Budget"] | null;
            /** @description threshold, burn, recovered, no_data, retired or revision */
            cause: string;
            /**
             * Format: int64
             * @description End of the period judged
             */
            end: number;
            /** @enum {string} */
            from: "green" | "yellow" | "red" | "grey";
            from_word: string;
            group: {
                [key: string]: string;
            };
            id: string;
            kpi: string;
            /** @description The evaluation range, oldest first */
            range: components["schemas"]["DecisionPoint"][];
            receipts: components["schemas"]["Receipt"][];
            red: components["schemas"]["Band"];
            /** Format: int64 */
            revision: number;
            sentence: string;
            title: string;
            /** @enum {string} */
            to: "green" | "yellow" | "red" | "grey";
            to_word: string;
            yellow: components["schemas"]["Band"];
        };
        DecisionPoint: {
            /**
             * @description The band that the value lies in by the thresholds in force now
             * @enum {string}
             */
            band: "red" | "yellow" | "none" | "missing";
            /** Format: double */
            coverage: number | null;
            detail: string;
            display: string;
            /** Format: int64 */
            end: number;
            /** Format: double */
            good: number | null;
            missing: string;
            /** Format: double */
            total: number | null;
            /** Format: double */
            value: number | null;
        };
        DecisionsBody: {
            decisions: components["schemas"]["Decision"][];
        };
        DemoBody: {
            mailbox_url: string;
            services: components["schemas"]["DemoService"][];
            /**
             * Format: int64
             * @description Mails in the mailbox
             */
            unread: number;
        };
        DemoService: {
            broken: boolean;
            /**
             * @description What breaking it does
             * @example 5 % of filings end in an error
             */
            effect: string;
            name: string;
            title: string;
            url: string;
        };
        DiffLine: {
            /** @enum {string} */
            kind: "same" | "add" | "remove" | "gap";
            /** Format: int64 */
            new_line: number;
            /** Format: int64 */
            old_line: number;
            text: string;
        };
        DigestsBody: {
            digests: components["schemas"]["AuditDigest"][];
        };
        Display: {
            /**
             * @description Shown after a thin space; may be empty
             * @example %
             */
            unit: string;
            /**
             * @description The number as text, an em dash when there is none
             * @example 0.84
             */
            value: string;
        };
        Document: {
            kind: string;
            name: string;
            text: string;
        };
        Draft: {
            /** @description Hash of the proposal that was edited; refused as stale if it moved on */
            base?: string;
            documents: components["schemas"]["Text"][];
            /**
             * Format: int64
             * @description Unix ms; left out: at the next period boundary
             */
            effective_from?: number;
            /** @description Apply now, approve within 24 h; needs the right to */
            emergency?: boolean;
            /** @description Feedback that it answers */
            feedback?: number[];
            reason: string;
            /** @description Made from the changes when left out */
            title?: string;
        };
        Empty: Record<string, never>;
        ErrorDetail: {
            /** @description Where the error occurred, e.g. 'body.items[3].tags' or 'path.thing-id' */
            location?: string;
            /** @description Error message text */
            message?: string;
            /** @description The value at the given location */
            value?: unknown;
        };
        ErrorGroup: {
            /** Format: double */
            all: number;
            app: components["schemas"]["App"];
            /** Format: double */
            count: number;
            /** Format: int64 */
            first: number;
            hours: components["schemas"]["HourCount"][];
            id: string;
            /** Format: int64 */
            last: number;
            message: string;
            origin: string;
            /** Format: int64 */
            people: number;
            /** Format: int64 */
            regressed_at: number;
            releases: string[];
            route: string;
            samples: components["schemas"]["ErrorSample"][];
            state: string;
            type: string;
        };
        Errors: {
            /** Format: double */
            beyond: number;
            /** Format: int64 */
            found: number;
            /** Format: int64 */
            from: number;
            groups: components["schemas"]["ErrorGroup"][];
            notes: string[];
            /** Format: int64 */
            to: number;
            /** Format: double */
            total: number;
        };
        ErrorSample: {
            /** Format: int64 */
            at: number;
            release: string;
            span_id: string;
            trace_id: string;
        };
        EvidenceBody: {
            /**
             * Format: int64
             * @description When it was started, Unix ms
             */
            at: number;
            by: components["schemas"]["Who"];
            /** @description It is of the proposal as it stands, against what is in force, and fresh enough */
            current: boolean;
            error: string;
            /** Format: int64 */
            from: number;
            hash: string;
            id: string;
            /**
             * Format: double
             * @description 0 to 1
             */
            progress: number;
            /** @description One for each KPI that the proposal changes */
            results: components["schemas"]["BacktestComparison"][];
            sentence: string;
            /** @enum {string} */
            state: "running" | "done" | "failed" | "cancelled";
            /** Format: int64 */
            to: number;
        };
        Exclusion: {
            /** Format: int64 */
            after: number;
        };
        ExportBody: {
            documents: components["schemas"]["Exported"][];
        };
        ExportDays: {
            /** @description Write days again that did not change */
            again?: boolean;
            /**
             * Format: date
             * @description First day, YYYY-MM-DD, UTC
             */
            from: string;
            /** @description logs, spans, events; those of the schedule when left out */
            tables?: string[];
            /**
             * Format: date
             * @description Last day; it has to be over
             */
            to: string;
        };
        Exported: {
            file: string;
            kind: string;
            name: string;
            text: string;
        };
        ExportEntry: {
            /** Format: int64 */
            began_at: number;
            by: components["schemas"]["AuditActor"];
            /** Format: int64 */
            bytes: number;
            /** @description YYYY-MM-DD, UTC */
            day: string;
            /** Format: int64 */
            ended_at: number;
            error?: string;
            /** @description Name; in the folder with its path */
            file: string;
            /** Format: int64 */
            id: number;
            /** @enum {string} */
            kind: "request" | "schedule";
            /** Format: int64 */
            rows: number;
            search?: string;
            sha256?: string;
            /** @enum {string} */
            state: "running" | "leaving" | "done" | "cut" | "failed" | "replaced" | "removed";
            /** @enum {string} */
            table: "logs" | "spans" | "events";
            /** @description The pipeline's folder, or who took it and from where */
            to: string;
        };
        ExportsBody: {
            exports: components["schemas"]["ExportEntry"][];
            /** @description There are older ones: ask again with before = the last id */
            more: boolean;
            schedule: components["schemas"]["ExportStatus"];
        };
        ExportStatus: {
            /**
             * Format: int64
             * @description ms after the end of a day
             */
            after: number;
            /** @description Folder of the pipeline; empty without a schedule */
            dir: string;
            /**
             * Format: int64
             * @description Days of tables that still have to be written
             */
            due: number;
            /**
             * Format: int64
             * @description ms
             */
            every: number;
            /**
             * Format: int64
             * @description When it last left nothing to do
             */
            last_at: number;
            /** @description Of the newest attempt; empty after a good one */
            last_error?: string;
            /** Format: int64 */
            last_error_at?: number;
            /**
             * Format: int64
             * @description When it looks next; 0 while it works
             */
            next_at: number;
            running?: components["schemas"]["Progress"];
            tables: string[];
        };
        Facet: {
            field: string;
            /** @description There are more values than are listed */
            more: boolean;
            values: components["schemas"]["FacetValue"][];
        };
        FacetsBody: {
            facets: components["schemas"]["Facet"][];
        };
        FacetValue: {
            /** Format: double */
            count: number;
            value: string;
        };
        Failing: {
            /**
             * Format: double
             * @description Bad events, or breaching datapoints where there are no counts
             */
            bad: number | null;
            /** @example 1,071 */
            bad_text: string;
            display: components["schemas"]["Display"];
            /** @description Empty for everything else */
            labels: {
                [key: string]: string;
            };
            /** @enum {string} */
            light: "green" | "yellow" | "red" | "grey";
            /**
             * Format: double
             * @description 0 to 1
             */
            share_of_drop: number | null;
            /** @example 89 % */
            share_text: string;
            /** @example Bank debit, Texas */
            text: string;
            /** Format: double */
            total: number | null;
            /** Format: double */
            value: number | null;
        };
        Feature: {
            /** Format: int64 */
            events: number;
            name: string;
            /** Format: int64 */
            people: number | null;
            points: components["schemas"]["FeaturePoint"][];
            releases: components["schemas"]["FeatureRelease"][];
            /** Format: double */
            share: number | null;
        };
        FeaturePoint: {
            /** Format: int64 */
            actives: number;
            /** Format: int64 */
            at: number;
            /** Format: int64 */
            people: number;
            /** Format: double */
            share: number | null;
        };
        FeatureRelease: {
            /** Format: int64 */
            of: number;
            /** Format: int64 */
            people: number;
            release: string;
            /** Format: double */
            share: number | null;
        };
        Feedback: {
            /** @enum {string} */
            accurate: "yes" | "no" | "unsaid";
            answer: string;
            /** Format: int64 */
            at: number;
            comment: string;
            /** Format: int64 */
            id: number;
            kpi: string;
            /**
             * Format: int64
             * @description Proposal that answers it, 0 for none
             */
            proposal: number;
            /** @enum {string} */
            relevant: "yes" | "no" | "unsaid";
            /** @enum {string} */
            state: "open" | "proposed" | "changed" | "closed";
            who: components["schemas"]["Who"];
        };
        FeedbackBody: {
            feedback: components["schemas"]["Feedback"][];
        };
        FeedbackInput: {
            /**
             * @default unsaid
             * @enum {string}
             */
            accurate?: "yes" | "no" | "unsaid";
            comment?: string;
            /**
             * @default unsaid
             * @enum {string}
             */
            relevant?: "yes" | "no" | "unsaid";
        };
        FieldInfo: {
            doc: string;
            name: string;
        };
        FieldsBody: {
            /** @description Names of attributes, most frequent first */
            attributes: string[];
            fields: components["schemas"]["FieldInfo"][];
        };
        Finding: {
            /** Format: int64 */
            column: number;
            file: string;
            key: string;
            /** Format: int64 */
            line: number;
            message: string;
            severity: string;
        };
        Forgot: {
            /** Format: int64 */
            known: number;
            place: string;
        };
        Funnel: {
            /** Format: int64 */
            events: number;
            /** Format: int64 */
            excluded: number;
            groups: components["schemas"]["FunnelGroup"][];
            notes: string[];
            steps: components["schemas"]["FunnelStep"][];
            /** Format: int64 */
            ties: number;
        };
        FunnelGroup: {
            steps: components["schemas"]["FunnelStep"][];
            value: string;
        };
        FunnelQuestion: {
            by: string;
            exclude: components["schemas"]["Exclusion"][];
            /** Format: int64 */
            from: number;
            order: string;
            steps: components["schemas"]["Step"][];
            /** Format: int64 */
            to: number;
            /** Format: double */
            within: number;
        };
        FunnelStep: {
            /** Format: int64 */
            lost: number;
            /** Format: double */
            median: number | null;
            name: string;
            /** Format: double */
            of_before: number | null;
            /** Format: double */
            p90: number | null;
            /** Format: int64 */
            people: number;
            /** Format: double */
            share: number | null;
            trace_lost: string[];
        };
        GrantText: {
            /** @description viewer, developer, analyst, owner, auditor or admin */
            role: string;
            /** @description label matchers such as agency="IRS", env=~"prod|test"; empty for everything */
            scope?: string;
        };
        GroupsBody: {
            /** Format: int64 */
            from: number;
            /** @description Most bad first; the last row may be everything else */
            groups: components["schemas"]["Failing"][];
            /** Format: int64 */
            to: number;
        };
        GroupView: {
            budget: components["schemas"]["Budget"] | null;
            /** @example 1,204 of 55,230 */
            counts: string;
            /** Format: double */
            coverage: number | null;
            display: components["schemas"]["Display"];
            /** Format: double */
            good: number | null;
            labels: {
                [key: string]: string;
            };
            /** @enum {string} */
            light: "green" | "yellow" | "red" | "grey";
            missing: string;
            paused: components["schemas"]["Pause"] | null;
            /** Format: int64 */
            period_end: number;
            reason: string;
            /** Format: int64 */
            since: number;
            /**
             * @description The labels as a person reads them
             * @example refund
             */
            text: string;
            /** Format: double */
            total: number | null;
            /** Format: double */
            value: number | null;
            word: string;
        };
        Happening: {
            detail: string;
            fingerprint: string;
            /** @enum {string} */
            kind: "page" | "pause";
            /** @description Name of the KPI, empty when it is about none */
            kpi: string;
            /**
             * @description The mark to show
             * @enum {string}
             */
            light: "green" | "yellow" | "red" | "grey" | "paused";
            silence_id: string;
            /** Format: int64 */
            since: number;
            title: string;
            /**
             * Format: int64
             * @description End of a silence, 0 for a page
             */
            until: number;
        };
        Histogram: {
            /** @description One for each time */
            counts: number[];
            value: string;
        };
        HistogramBody: {
            /** @description There were more values than are shown */
            cut: boolean;
            /** @description Biggest first */
            series: components["schemas"]["Histogram"][];
            /**
             * Format: int64
             * @description Width of a bucket in ms
             */
            step: number;
            /** @description Beginnings of the buckets, Unix ms */
            times: number[];
        };
        HourCount: {
            /** Format: int64 */
            at: number;
            /** Format: double */
            count: number;
        };
        ImportInput: {
            /** @description Text by file name */
            files: {
                [key: string]: string;
            };
            /** @enum {string} */
            format: "openslo" | "rules" | "sloth" | "grafana";
            /**
             * Format: int64
             * @description Prometheus' evaluation_interval, for rule groups that state none
             */
            interval_ms?: number;
            /** @description Of documents whose source names none */
            owner?: string;
            /** @description Of KPIs that page and whose source names none; without one they do not page */
            runbook?: string;
        };
        Indicator: {
            /** @description Names of the KPIs that an expression reads */
            inputs: string[];
            kind: string;
            /** @description PromQL selectors behind the number */
            metrics: string[];
            /**
             * @description The definition in one line
             * @example share of http_requests_total{code=~"5.."} in http_requests_total
             */
            text: string;
        };
        Key: {
            /** Format: int64 */
            created_at: number;
            /** Format: int64 */
            destroyed_at: number;
            /** Format: int64 */
            id: number;
            /**
             * Format: int64
             * @description When the newest row it served has expired and it is destroyed; 0: not known yet
             */
            keep_until: number;
            purpose: string;
            /**
             * Format: int64
             * @description Since when a newer key makes the purpose's pseudonyms
             */
            retired_at: number;
        };
        KeyBody: {
            fingerprint: string;
            /** @description All that ever signed, the oldest first */
            keys: components["schemas"]["AuditKey"][];
            /** @description PEM, as openssl reads it */
            public_key: string;
        };
        KPIDraft: {
            notes: string[];
            policy: string;
            watch: components["schemas"]["Watched"] | null;
        };
        KPIsBody: {
            /** Format: int64 */
            as_of: number;
            kpis: components["schemas"]["KPIView"][];
        };
        KPIView: {
            axis: components["schemas"]["Axis"];
            budget: components["schemas"]["Budget"] | null;
            by: string[];
            /**
             * @description The counts behind the value in words, empty where there are none
             * @example 1,204 of 55,230
             */
            counts: string;
            /** Format: double */
            coverage: number | null;
            /** Format: int64 */
            delay_ms: number;
            description: string;
            /** @description One sentence on why it is missing */
            detail: string;
            display: components["schemas"]["Display"];
            /**
             * Format: int64
             * @description A datapoint older than this is late: two periods and the delay
             */
            fresh_ms: number;
            /** Format: double */
            good: number | null;
            /** @description Worst first */
            groups: components["schemas"]["GroupView"][];
            /**
             * @description Empty without by
             * @example 7 of 8 on target
             */
            groups_text: string;
            indicator: components["schemas"]["Indicator"];
            labels: {
                [key: string]: string;
            };
            /** @enum {string} */
            light: "green" | "yellow" | "red" | "grey";
            /** @description Why the newest datapoint has no value; empty for a real one */
            missing: string;
            name: string;
            objective: components["schemas"]["Objective"] | null;
            /** @description technical or business */
            outcome: string;
            owner: string;
            page: components["schemas"]["Page"] | null;
            paused: components["schemas"]["Pause"] | null;
            /** Format: int64 */
            period_end: number;
            /** Format: int64 */
            period_ms: number;
            /** @example ≤ 3.00 % */
            promise: string;
            reason: string;
            /** Format: int64 */
            revision: number;
            /**
             * Format: int64
             * @description End of the period at which the light took this colour, 0 before the first
             */
            since: number;
            /** @description Where the definition was read: file:line */
            source: string;
            thresholds: components["schemas"]["Thresholds"];
            title: string;
            /** Format: double */
            total: number | null;
            unit: string;
            /**
             * Format: double
             * @description Upper bound where the value is a lower bound
             */
            upper: number | null;
            /**
             * Format: double
             * @description In base units; null when the newest datapoint is missing
             */
            value: number | null;
            warnings: string[];
            /** @description The why-line of a tile: the plain definition when healthy, otherwise the reason */
            why: string;
            /** Format: int64 */
            window_ms: number;
            /** @example 1 minute */
            window_text: string;
            /** @description On target, At risk, Breached or No data */
            word: string;
        };
        Labels: Record<string, never>;
        Lead: {
            table: string;
            title: string;
            where: string;
        };
        Leads: {
            /** Format: int64 */
            from: number;
            left: string[];
            searches: components["schemas"]["Lead"][];
            /** Format: int64 */
            to: number;
        };
        Left: {
            /**
             * Format: int64
             * @description Unix ms
             */
            at: number;
            name: string;
            /** Format: int64 */
            rows: number;
            to: string;
        };
        Line: {
            file: string;
            /** Format: int64 */
            line: number;
            outcome: string;
            path: string;
            what: string;
            why: string;
        };
        LoginInput: {
            login?: string;
            password?: string;
            secret?: string;
        };
        Mail: {
            /** Format: int64 */
            at: number;
            from: string;
            id: string;
            subject: string;
            to: string[];
        };
        MailBody: {
            /** Format: int64 */
            at: number;
            from: string;
            headers: {
                [key: string]: string;
            };
            html: string;
            id: string;
            subject: string;
            text: string;
            to: string[];
        };
        MailsBody: {
            mails: components["schemas"]["Mail"][];
        };
        Map: {
            edges: components["schemas"]["MapEdge"][];
            /** Format: int64 */
            from: number;
            nodes: components["schemas"]["MapNode"][];
            notes: string[];
            standing: boolean;
            /** Format: int64 */
            to: number;
        };
        MapEdge: {
            /** Format: double */
            count: number;
            /** Format: double */
            error_share: number | null;
            /** Format: double */
            errors: number;
            from: string;
            kind: string;
            /** Format: double */
            p50: number | null;
            /** Format: double */
            p95: number | null;
            /** Format: double */
            rate: number;
            to: string;
        };
        MapNode: {
            /** Format: double */
            count: number;
            env: string;
            /** Format: double */
            error_share: number | null;
            /** Format: double */
            errors: number;
            id: string;
            kind: string;
            name: string;
            /** Format: double */
            p50: number | null;
            /** Format: double */
            p95: number | null;
            /** Format: double */
            rate: number;
            /** Format: double */
            root: number;
        };
        Mark: {
            actor?: string;
            /**
             * Format: int64
             * @description Unix ms; now when left out
             */
            at: number;
            detail?: string;
            /** @description The sender's, so that a retry is not a second mark; made from the content when left out */
            id: string;
            /** @description The only KPI that it concerns; all when left out */
            kpi?: string;
            /** @description What it concerns, such as service="intake"; what is not said is not excluded */
            labels?: {
                [key: string]: string;
            };
            /**
             * @description Deploy, policy, flag, configuration, note or action
             * @enum {string}
             */
            letter: "D" | "P" | "F" | "C" | "N" | "A";
            /** @description An http or https address, or a path of this server */
            link?: string;
            /** @description The system that says so */
            source?: string;
            title: string;
            /** @description The letter's word when left out */
            word: string;
        };
        Matcher: {
            /** @description false negates the matcher */
            is_equal: boolean;
            is_regex: boolean;
            name: string;
            value: string;
        };
        MatcherInput: {
            /** @description false negates the matcher; true when left out */
            is_equal?: boolean;
            is_regex?: boolean;
            name: string;
            value: string;
        };
        MeBody: {
            actions: string[];
            agent: boolean;
            /**
             * Format: int64
             * @description End of the session whatever is asked
             */
            ends_at: number;
            /**
             * Format: int64
             * @description End of the session if nothing more is asked, or of the token; 0 for the start token
             */
            expires_at: number;
            /** @description There are no people yet: the first administrator has to be made */
            first: boolean;
            grants: components["schemas"]["GrantText"][];
            id: string;
            /** @enum {string} */
            kind: "person" | "token" | "start" | "loopback" | "system";
            login: string;
            /** @description The password was set by another and has to be changed first */
            must_change: boolean;
            name: string;
            /** @description Name of the single sign-on; empty for none */
            provider: string;
            /**
             * Format: int64
             * @description When the person last proved to be there; approving asks for a recent one
             */
            signed_in_at: number;
            /** @enum {string} */
            via: "cookie" | "bearer" | "loopback";
        };
        Need: {
            /** Format: int64 */
            approvals: number;
            /** @description A back-test of exactly this text is asked for */
            evidence: boolean;
            /**
             * Format: int64
             * @description How old the evidence may be; 0 = any age
             */
            fresh_ms: number;
            /**
             * Format: int64
             * @description Approvals that count
             */
            given: number;
            met: boolean;
            /** @description Approval policies that ask for it */
            policies: string[];
            regulated: boolean;
            roles: string[];
            /** @description Needs 1 more approval by analyst or owner */
            sentence: string;
            users: string[];
        };
        NewPassword: {
            password?: string;
        };
        NewToken: {
            /** @description an AI agent holds it */
            agent: boolean;
            /** Format: int64 */
            created_at: number;
            created_by: string;
            /** Format: int64 */
            expires_at: number;
            grants: components["schemas"]["GrantText"][];
            /** @description how the secret begins */
            hint: string;
            id: string;
            name: string;
            /** @description id of the user */
            owner: string;
            owner_login: string;
            /** @description source name that its data is counted under; empty for none */
            pushes_as: string;
            secret: string;
            /** @description active, expired, or dead while the owner is disabled */
            state: string;
            /**
             * Format: int64
             * @description 0 for never
             */
            used_at: number;
        };
        NewUser: {
            /** Format: int64 */
            created_at: number;
            created_by: string;
            grants: components["schemas"]["GrantText"][];
            id: string;
            /** @description what they sign in with, in lower case */
            login: string;
            must_change_password: boolean;
            name: string;
            /** @description local, or oidc for those whose grants follow the provider */
            origin: string;
            password?: string;
            /**
             * Format: int64
             * @description last sign-in; 0 for never
             */
            signed_in_at: number;
            /** @description active or disabled */
            state: string;
        };
        NoteInput: {
            note: string;
        };
        Objective: {
            /** @example ≥ 99.50 % over 30 days */
            display: string;
            /**
             * Format: double
             * @description 0 to 1
             */
            target: number;
            /**
             * @description As written in the policy
             * @example 99.5% over 30d
             */
            text: string;
            /** @example 30 days */
            window: string;
        };
        Page: {
            runbook: string;
            severity: string;
        };
        Panel: {
            /** @description Markdown made into HTML without scripts, styles and images */
            html: string;
            /** @enum {string} */
            kind: "kpi" | "promql" | "text";
            /** @description Names of the KPIs that it shows, as far as the reader may see them */
            kpis: string[];
            /** @description Names that it should show and that there are none of */
            missing: string[];
            queries: components["schemas"]["PanelQuery"][];
            title: string;
            unit: string;
            /**
             * Format: int64
             * @description Columns of three
             */
            width: number;
        };
        PanelQuery: {
            expr: string;
            /** @description {{label}} stands for a label's value */
            legend: string;
        };
        PasswordChange: {
            /** @description for another: empty has one made, which the answer shows once */
            new?: string;
            old?: string;
            user?: string;
        };
        Pause: {
            by: string;
            comment: string;
            silence_id: string;
            /** Format: int64 */
            until: number;
        };
        Ping: {
            /** Format: int64 */
            as_of: number;
        };
        PoliciesBody: {
            policies: components["schemas"]["Policy"][];
        };
        Policy: {
            approvers: components["schemas"]["Who"][];
            author: components["schemas"]["Who"];
            description: string;
            /**
             * Format: int64
             * @description Unix ms
             */
            effective_from: number;
            /** @description In force by an emergency change that nobody has approved yet */
            emergency: boolean;
            /**
             * Format: int64
             * @description Open feedback
             */
            feedback: number;
            /** @description Where the document is kept; empty: in the state database only */
            file: string;
            /**
             * @description ahead: the file differs and waits as a proposal; behind: the file could not be written
             * @enum {string}
             */
            file_state: "same" | "ahead" | "behind" | "none";
            hash: string;
            /** @enum {string} */
            kind: "KPI" | "Route" | "Retention" | "Sampling" | "Privacy" | "Approval" | "Maintenance" | "Board";
            labels: {
                [key: string]: string;
            };
            name: string;
            owner: string;
            /**
             * Format: int64
             * @description Proposal that made this revision, 0 for none
             */
            proposal: number;
            /** @description Open proposals that touch it */
            proposals: number[];
            reason: string;
            regulated: boolean;
            /**
             * Format: int64
             * @description Unix ms, 0 = no review asked for
             */
            review_due: number;
            /** @enum {string} */
            review_state: "ok" | "soon" | "overdue" | "none";
            /**
             * Format: int64
             * @description Unix ms, 0 = never
             */
            reviewed_at: number;
            /**
             * Format: int64
             * @description Number of the revision in force, or the first one that is scheduled
             */
            revision: number;
            /** @description The whole policy in one or two plain sentences */
            sentence: string;
            /**
             * @description refused: the revision in force cannot be read any more
             * @enum {string}
             */
            state: "in_force" | "scheduled" | "removed" | "refused";
            /** @description The YAML document; left out of lists */
            text?: string;
            title: string;
        };
        PolicyChange: {
            /** @enum {string} */
            action: "create" | "change" | "remove";
            /** @description YAML as proposed; empty when it removes */
            after: string;
            /**
             * Format: int64
             * @description Revision that the change starts from, 0 for none
             */
            base: number;
            base_hash: string;
            /** @description YAML of the base */
            before: string;
            diff: components["schemas"]["DiffLine"][];
            hash: string;
            /** @description The change can be back-tested: a KPI of which not only words changed */
            judges: boolean;
            kind: string;
            name: string;
            /** @description One plain sentence per change */
            sentences: string[];
            title: string;
        };
        PolicyRevision: {
            /**
             * Format: int64
             * @description Unix ms
             */
            applied_at: number;
            approvers: components["schemas"]["Who"][];
            author: components["schemas"]["Who"];
            editors: components["schemas"]["Who"][];
            /**
             * Format: int64
             * @description Unix ms of the period boundary from which it judges
             */
            effective_from: number;
            emergency: boolean;
            hash: string;
            kind: string;
            name: string;
            /** Format: int64 */
            number: number;
            /** Format: int64 */
            proposal: number;
            reason: string;
            removed: boolean;
            /** @description file:line, or where the change came from */
            source: string;
            text: string;
        };
        Preview: {
            /** @description Why it could not be judged; empty when it was */
            error: string;
            /** Format: int64 */
            from: number;
            kpi: string;
            /** @enum {string} */
            light: "green" | "yellow" | "red" | "grey";
            sentence: string;
            /** @description Lights over time, oldest first */
            spans: components["schemas"]["BacktestSpan"][];
            /** Format: int64 */
            to: number;
            word: string;
        };
        PreviewBody: {
            alerts: components["schemas"]["Alert"][];
            /** Format: int64 */
            matches: number;
        };
        PreviewInput: {
            matchers: components["schemas"]["MatcherInput"][];
        };
        PrivacyRequest: {
            by: components["schemas"]["AuditActor"];
            certificate?: components["schemas"]["Certificate"];
            /** Format: int64 */
            created_at: number;
            failure?: string;
            /** Format: int64 */
            id: number;
            /** @enum {string} */
            kind: "erase" | "export";
            /** Format: int64 */
            parts: number;
            /**
             * Format: int64
             * @description Progress, in parts of the store
             */
            parts_done: number;
            reason?: string;
            /** @enum {string} */
            state: "running" | "done" | "failed";
            /** @description The certificate as people read it; empty while it runs */
            text: string;
            /** Format: int64 */
            updated_at: number;
        };
        PrivacyRequests: {
            keys: components["schemas"]["Key"][];
            requests: components["schemas"]["Request"][];
        };
        Problem: {
            /**
             * @description A human-readable explanation specific to this occurrence of the problem.
             * @example Property foo is required but is missing.
             */
            detail?: string;
            /** @description Optional list of individual error details */
            errors?: components["schemas"]["ErrorDetail"][];
            /**
             * Format: uri
             * @description A URI reference that identifies the specific occurrence of the problem.
             * @example https://example.com/error-log/abc123
             */
            instance?: string;
            /**
             * Format: int64
             * @description HTTP status code
             * @example 400
             */
            status?: number;
            /**
             * @description A short, human-readable summary of the problem type. This value should not change between occurrences of the error.
             * @example Bad Request
             */
            title?: string;
            /**
             * Format: uri
             * @description A URI reference to human-readable documentation for the error.
             * @default about:blank
             * @example https://example.com/errors/example
             */
            type?: string;
        };
        Progress: {
            /** Format: int64 */
            began_at: number;
            /**
             * Format: int64
             * @description Written so far; rows are gathered before the first byte
             */
            bytes: number;
            day: string;
            /**
             * Format: int64
             * @description Days done in this run
             */
            done: number;
            /** Format: int64 */
            of: number;
            table: string;
        };
        ProposalBody: {
            /** Format: int64 */
            applied_at: number;
            author: components["schemas"]["Who"];
            changes: components["schemas"]["PolicyChange"][];
            /** Format: int64 */
            created_at: number;
            discussion: components["schemas"]["Comment"][];
            /** @description Everyone who edited it: none of them may approve where that is regulated */
            editors: components["schemas"]["Who"][];
            /**
             * Format: int64
             * @description Wanted instant, 0 = at the next period boundary after approval
             */
            effective_from: number;
            emergency: boolean;
            /** @description The newest back-test; null before the first */
            evidence: components["schemas"]["EvidenceBody"] | null;
            /** Format: int64 */
            expires_at: number;
            /** @description Feedback that it answers */
            feedback: number[];
            findings: components["schemas"]["Finding"][];
            /** @description Over all texts and bases; approvals are for this hash */
            hash: string;
            /** Format: int64 */
            id: number;
            /** @description What the asker may do now: edit test approve reject apply cancel rebase comment revert */
            may: string[];
            /** @description Why not, in words, for what they may not */
            may_no: {
                [key: string]: string;
            };
            need: components["schemas"]["Need"];
            /** @enum {string} */
            origin: "page" | "api" | "command" | "file" | "import" | "revert" | "feedback";
            reason: string;
            /** Format: int64 */
            revert_of: number;
            /** @description What is in force changed since; rebase before approving */
            stale: boolean;
            stale_why: string;
            /** @enum {string} */
            state: "draft" | "tested" | "approved" | "scheduled" | "applied" | "rejected" | "expired" | "superseded" | "failed";
            title: string;
            /** Format: int64 */
            updated_at: number;
            votes: components["schemas"]["Vote"][];
            /** @description Why it failed, was rejected, expired or was superseded */
            why: string;
        };
        ProposalsBody: {
            proposals: components["schemas"]["ProposalBody"][];
        };
        ReasonInput: {
            reason: string;
        };
        Receipt: {
            /** Format: int64 */
            at: number;
            /** Format: int64 */
            attempt: number;
            decision: string;
            error: string;
            firing: boolean;
            group: {
                [key: string]: string;
            };
            id: string;
            integration: string;
            kpi: string;
            message_id: string;
            receiver: string;
            /** @description The route that matched */
            rule: string;
            /** @enum {string} */
            status: "sent" | "failed" | "silenced" | "inhibited" | "muted";
        };
        Related: {
            business_ids: string[];
            counts: {
                [key: string]: number;
            };
            cut: boolean;
            notes: string[];
            releases: string[];
            rows: components["schemas"]["TraceRow"][];
            services: string[];
            sessions: string[];
            traces: string[];
        };
        Request: {
            by: components["schemas"]["AuditActor"];
            certificate?: components["schemas"]["Certificate"];
            /** Format: int64 */
            created_at: number;
            failure?: string;
            /** Format: int64 */
            id: number;
            /** @enum {string} */
            kind: "erase" | "export";
            /** Format: int64 */
            parts: number;
            /**
             * Format: int64
             * @description Progress, in parts of the store
             */
            parts_done: number;
            reason?: string;
            /** @enum {string} */
            state: "running" | "done" | "failed";
            /** Format: int64 */
            updated_at: number;
        };
        Result: {
            documents: components["schemas"]["Document"][];
            report: components["schemas"]["Line"][];
        };
        Retention: {
            cohorts: components["schemas"]["Cohort"][];
            notes: string[];
            period: string;
            simple: components["schemas"]["Average"][];
            standing: boolean;
            weighted: components["schemas"]["Average"][];
        };
        RetentionCell: {
            complete: boolean;
            /** Format: int64 */
            people: number;
            /** Format: double */
            previous: number | null;
            /** Format: double */
            share: number | null;
        };
        RevertInput: {
            /** Format: int64 */
            number: number;
            reason: string;
        };
        Review: {
            /** Format: int64 */
            due_at: number;
            kind: string;
            /** @description The asker may complete it */
            may: boolean;
            name: string;
            note: string;
            owner: string;
            /**
             * Format: int64
             * @description The emergency change that waits, 0 for none
             */
            proposal: number;
            /** Format: int64 */
            reviewed_at: number;
            reviewed_by: components["schemas"]["Who"] | null;
            /** Format: int64 */
            revision: number;
            sentence: string;
            /** @enum {string} */
            state: "ok" | "soon" | "overdue" | "emergency";
            title: string;
        };
        ReviewsBody: {
            reviews: components["schemas"]["Review"][];
        };
        RevisionsBody: {
            revisions: components["schemas"]["PolicyRevision"][];
        };
        RoleBody: {
            id: string;
            title: string;
        };
        RolesBody: {
            actions: components["schemas"]["Rule"][];
            roles: components["schemas"]["RoleBody"][];
        };
        Row: {
            agency?: string;
            attributes: components["schemas"]["Attribute"][];
            body?: string;
            business_id?: string;
            /** @description Events and links of a span, as JSON */
            detail?: string;
            /**
             * Format: double
             * @description Seconds
             */
            duration?: number;
            env?: string;
            error_type?: string;
            kind?: string;
            level?: string;
            name?: string;
            parent_id?: string;
            release?: string;
            /** @description Attributes that all rows of its sender share */
            resource: components["schemas"]["Attribute"][];
            route?: string;
            service?: string;
            session?: string;
            source?: string;
            span_id?: string;
            /** @description unset, ok or error; of spans and events */
            status?: string;
            /**
             * Format: double
             * @description Unix ms with microseconds behind the point
             */
            time: number;
            trace_id?: string;
            /** @description public for what came in by the public door */
            trust?: string;
            /** @description Pseudonym */
            user?: string;
            /** Format: double */
            value?: number;
            version?: string;
            /**
             * Format: double
             * @description How many rows it stands for after sampling
             */
            weight: number;
        };
        RowsBody: {
            /** @description Pass it as after for the next page; empty at the end */
            next?: string;
            rows: components["schemas"]["Row"][];
        };
        Rule: {
            action: string;
            kinds: string[];
            roles: string[];
            title: string;
            whole: boolean;
        };
        Series: {
            axis: components["schemas"]["Axis"];
            /** @description The value as a person reads it, with its unit */
            display: string[];
            /** Format: int64 */
            from: number;
            good: (number | null)[];
            group: {
                [key: string]: string;
            };
            /** @description green, yellow, red or grey; empty where nothing was judged */
            light: string[];
            /** @description Reason of a missing point, empty for a real one */
            missing: string[];
            receipts: components["schemas"]["Receipt"][];
            /** @description What the chart shows, as its accessible name */
            sentence: string;
            /** @description Ends of periods */
            t: number[];
            thresholds: components["schemas"]["Thresholds"];
            /** Format: int64 */
            to: number;
            total: (number | null)[];
            /** @description Newest first, without evidence */
            transitions: components["schemas"]["Decision"][];
            upper: (number | null)[];
            value: (number | null)[];
        };
        Session: {
            address: string;
            browser: string;
            /** Format: int64 */
            created_at: number;
            /** @description the one that asks */
            current: boolean;
            /**
             * Format: int64
             * @description whatever is asked
             */
            ends_at: number;
            /**
             * Format: int64
             * @description if nothing more is asked
             */
            expires_at: number;
            id: string;
            login: string;
            /** Format: int64 */
            seen_at: number;
            /** @description id of the user; empty for the admin token's */
            user: string;
            /** @description password, oidc or link */
            way: string;
        };
        SessionBracket: {
            /** Format: double */
            from: number;
            /** Format: int64 */
            sessions: number;
            /** Format: double */
            share: number | null;
            /** Format: double */
            to: number | null;
        };
        SessionPoint: {
            /** Format: int64 */
            actions: number;
            /** Format: int64 */
            at: number;
            /** Format: double */
            bounce: number | null;
            /** Format: int64 */
            bounces: number;
            complete: boolean;
            /** Format: double */
            mean: number | null;
            /** Format: double */
            median: number | null;
            /** Format: double */
            p95: number | null;
            /** Format: int64 */
            people: number;
            /** Format: double */
            per_session: number | null;
            /** Format: int64 */
            sessions: number;
        };
        Sessions: {
            distribution: components["schemas"]["SessionBracket"][];
            notes: string[];
            period: string;
            points: components["schemas"]["SessionPoint"][];
            standing: boolean;
            total: components["schemas"]["SessionPoint"];
        };
        SessionsBody: {
            sessions: components["schemas"]["Session"][];
        };
        Side: {
            /**
             * Format: double
             * @description Share left at the end; null without an objective
             */
            budget_left: number | null;
            /**
             * Format: int64
             * @description Real incidents that alerted
             */
            caught: number;
            /** @description Of the KPI as a whole */
            chart: components["schemas"]["Chart"] | null;
            /**
             * Format: double
             * @description Median seconds from an incident's start to the first alert; null without incidents
             */
            first_alert: number | null;
            /**
             * Format: int64
             * @description First instant really covered
             */
            from: number;
            /** @description The worst twenty */
            groups: components["schemas"]["BacktestGroup"][];
            /**
             * Format: int64
             * @description Groups that are not listed
             */
            hidden: number;
            /** @example Now, revision 3 */
            label: string;
            /**
             * @description At the end
             * @enum {string}
             */
            light: "green" | "yellow" | "red" | "grey";
            /** @description Why less than asked for is covered; empty when all is */
            limited: string;
            /** @description Of the KPI's light: green yellow red grey */
            minutes: {
                [key: string]: number;
            };
            /** Format: int64 */
            night_count: number;
            /** Format: int64 */
            page_count: number;
            /** @description At most 500, oldest first */
            pages: components["schemas"]["BacktestPage"][];
            /** Format: double */
            per_week: number;
            /** Format: int64 */
            points: number;
            /** Format: double */
            precision: number | null;
            /**
             * Format: int64
             * @description Real incidents there were
             */
            real: number;
            /** Format: double */
            recall: number | null;
            /**
             * Format: int64
             * @description 0 for what is proposed
             */
            revision: number;
            /** @description The KPI's light over time */
            spans: components["schemas"]["BacktestSpan"][];
            /** @description The newest 30 days, oldest first */
            strip: components["schemas"]["BacktestDay"][];
            /** @example > 3 % */
            threshold: string;
            /** Format: int64 */
            to: number;
            /** Format: int64 */
            transitions: number;
            /**
             * @description points: published datapoints judged anew; raw: stored samples replayed; none: there is no such definition
             * @enum {string}
             */
            way: "points" | "raw" | "query" | "none";
        };
        Silence: {
            comment: string;
            created_by: string;
            /** Format: int64 */
            ends_at: number;
            id: string;
            matchers: components["schemas"]["Matcher"][];
            /** Format: int64 */
            starts_at: number;
            /** @enum {string} */
            state: "active" | "pending" | "expired";
            /** Format: int64 */
            updated_at: number;
        };
        SilenceBody: {
            id: string;
            /**
             * Format: int64
             * @description Active alerts that it matches now
             */
            matches: number;
        };
        SilenceInput: {
            comment: string;
            /** @description The signed-in name when left out */
            created_by?: string;
            /**
             * Format: int64
             * @description Unix ms, after starts_at and in the future
             */
            ends_at: number;
            /** @description Replaces this silence */
            id?: string;
            matchers: components["schemas"]["MatcherInput"][];
            /**
             * Format: int64
             * @description Unix ms; now when left out
             */
            starts_at?: number;
        };
        Source: {
            /**
             * Format: int64
             * @description Rows that a privacy policy took out
             */
            dropped: number;
            /** Format: int64 */
            duration_ms: number;
            /** @enum {string} */
            health: "up" | "down" | "unknown" | "late";
            /** @description What to do about the error, in one line */
            hint: string;
            id: string;
            /** Format: int64 */
            interval_ms: number;
            job: string;
            /** @enum {string} */
            kind: "scrape" | "push" | "host" | "rule";
            labels: {
                [key: string]: string;
            };
            /**
             * Format: int64
             * @description Newest accepted sample or scrape, 0 for never
             */
            last_at: number;
            last_error: string;
            /** @description Refused samples, rows and requests by reason, of all signals */
            refused: {
                [key: string]: number;
            };
            /** @description The same, first by signal (metrics, logs, spans, events), then by reason */
            refused_by_signal: {
                [key: string]: {
                    [key: string]: number;
                };
            };
            /** @description Rows stored since start, by logs, spans and events */
            rows: {
                [key: string]: number;
            };
            /**
             * Format: int64
             * @description Rows and samples that a sampling policy left out
             */
            sampled_out: number;
            /**
             * Format: int64
             * @description Samples of the newest scrape, or accepted since start for pushes
             */
            samples: number;
            /** Format: int64 */
            series: number;
            target: string;
        };
        SourcesBody: {
            /** Format: int64 */
            as_of: number;
            sources: components["schemas"]["Source"][];
            summary: components["schemas"]["SourcesSummary"];
        };
        SourcesSummary: {
            late: components["schemas"]["Source"][];
            /** Format: int64 */
            on_time: number;
            /** @example 8 of 9 sources on time */
            text: string;
            /** Format: int64 */
            total: number;
        };
        Spark: {
            /** @description End of each slot */
            t: number[];
            /**
             * Format: double
             * @description The dashed line, in base units
             */
            threshold: number | null;
            v: (number | null)[];
        };
        StatusBody: {
            config: components["schemas"]["ConfigState"];
            demo: boolean;
            external_url: string;
            /** Format: int64 */
            kpis: number;
            /** @description Names of the receivers, for a test */
            receivers: string[];
            revision: string;
            /** Format: int64 */
            started_at: number;
            stores: components["schemas"]["Store"][];
            /** Format: int64 */
            uptime_ms: number;
            version: string;
            warnings: string[];
        };
        Step: {
            name: string;
        };
        Store: {
            /** Format: int64 */
            bytes: number;
            /** @description Why the store is not well; empty when it is */
            error: string;
            /** @example metrics */
            name: string;
            /**
             * Format: int64
             * @description Unix ms of the oldest sample, 0 when empty
             */
            oldest: number;
            path: string;
            /** Format: int64 */
            rows: number;
            /** Format: int64 */
            series: number;
        };
        SubjectInput: {
            /** @description Such as the number of the person's letter; the person's id must not stand here */
            reason: string;
            /** @description The id by which the applications know the person */
            subject: string;
        };
        Success: {
            examples: components["schemas"]["SuccessSample"][];
            /** Format: int64 */
            failed: number;
            /** Format: int64 */
            late: number;
            /** Format: double */
            median: number | null;
            /** Format: int64 */
            missing: number;
            notes: string[];
            /** Format: int64 */
            open: number;
            /** Format: double */
            p90: number | null;
            /** Format: double */
            p99: number | null;
            points: components["schemas"]["SuccessPoint"][];
            /** Format: double */
            share: number | null;
            /** Format: int64 */
            started: number;
            /** Format: int64 */
            succeeded: number;
        };
        SuccessPoint: {
            /** Format: int64 */
            at: number;
            complete: boolean;
            /** Format: int64 */
            open: number;
            /** Format: double */
            share: number | null;
            /** Format: int64 */
            started: number;
            /** Format: int64 */
            succeeded: number;
        };
        SuccessSample: {
            /** Format: int64 */
            at: number;
            business_id: string;
            outcome: string;
            /** Format: double */
            seconds: number | null;
            trace_id: string;
        };
        TailBody: {
            /**
             * Format: int64
             * @description Rows that came too fast to be shown
             */
            missed: number;
            rows: components["schemas"]["Row"][];
        };
        TestBody: {
            receiver: string;
            results: components["schemas"]["TestResult"][];
        };
        TestInput: {
            receiver: string;
        };
        TestProposalInput: {
            /**
             * Format: int64
             * @default 30
             */
            days?: number;
        };
        TestResult: {
            /** Format: int64 */
            duration_ms: number;
            error: string;
            /** @example email[0] */
            integration: string;
            ok: boolean;
        };
        Text: {
            /** @example KPI/efile-error-rate */
            remove?: string;
            text?: string;
        };
        TextInput: {
            text: string;
        };
        Threshold: {
            /**
             * Format: double
             * @description Edge in base units
             */
            a: number | null;
            /**
             * Format: double
             * @description Upper edge of outside a..b, else null
             */
            b: number | null;
            /**
             * @description The breach in words and display units
             * @example above 3.00 %
             */
            display: string;
            /** @enum {string} */
            op: ">" | ">=" | "<" | "<=" | "outside";
            /**
             * @description The promise that this band guards
             * @example ≤ 3.00 %
             */
            promise: string;
            /**
             * @description The comparison as written in the policy
             * @example > 3%
             */
            text: string;
        };
        Thresholds: {
            /**
             * @description How the bands bind
             * @example red after 3 of 3 datapoints
             */
            for_text: string;
            red: components["schemas"]["Threshold"] | null;
            yellow: components["schemas"]["Threshold"] | null;
        };
        Tile: {
            axis: components["schemas"]["Axis"];
            budget: components["schemas"]["Budget"] | null;
            by: string[];
            /**
             * @description The counts behind the value in words, empty where there are none
             * @example 1,204 of 55,230
             */
            counts: string;
            /** Format: double */
            coverage: number | null;
            /** Format: int64 */
            delay_ms: number;
            description: string;
            /** @description One sentence on why it is missing */
            detail: string;
            display: components["schemas"]["Display"];
            /**
             * Format: int64
             * @description A datapoint older than this is late: two periods and the delay
             */
            fresh_ms: number;
            /** Format: double */
            good: number | null;
            /** @description Worst first */
            groups: components["schemas"]["GroupView"][];
            /**
             * @description Empty without by
             * @example 7 of 8 on target
             */
            groups_text: string;
            indicator: components["schemas"]["Indicator"];
            labels: {
                [key: string]: string;
            };
            /** @enum {string} */
            light: "green" | "yellow" | "red" | "grey";
            /** @description Why the newest datapoint has no value; empty for a real one */
            missing: string;
            name: string;
            objective: components["schemas"]["Objective"] | null;
            /** @description technical or business */
            outcome: string;
            owner: string;
            page: components["schemas"]["Page"] | null;
            paused: components["schemas"]["Pause"] | null;
            /** Format: int64 */
            period_end: number;
            /** Format: int64 */
            period_ms: number;
            /** @example ≤ 3.00 % */
            promise: string;
            reason: string;
            /** Format: int64 */
            revision: number;
            /**
             * Format: int64
             * @description End of the period at which the light took this colour, 0 before the first
             */
            since: number;
            /** @description Where the definition was read: file:line */
            source: string;
            spark: components["schemas"]["Spark"];
            /** @description 30 days, oldest first */
            strip: components["schemas"]["Day"][];
            thresholds: components["schemas"]["Thresholds"];
            title: string;
            /** Format: double */
            total: number | null;
            unit: string;
            /**
             * Format: double
             * @description Upper bound where the value is a lower bound
             */
            upper: number | null;
            /**
             * Format: double
             * @description In base units; null when the newest datapoint is missing
             */
            value: number | null;
            warnings: string[];
            /** @description The why-line of a tile: the plain definition when healthy, otherwise the reason */
            why: string;
            /** Format: int64 */
            window_ms: number;
            /** @example 1 minute */
            window_text: string;
            /** @description On target, At risk, Breached or No data */
            word: string;
        };
        Token: {
            /** @description an AI agent holds it */
            agent: boolean;
            /** Format: int64 */
            created_at: number;
            created_by: string;
            /** Format: int64 */
            expires_at: number;
            grants: components["schemas"]["GrantText"][];
            /** @description how the secret begins */
            hint: string;
            id: string;
            name: string;
            /** @description id of the user */
            owner: string;
            owner_login: string;
            /** @description source name that its data is counted under; empty for none */
            pushes_as: string;
            /** @description active, expired, or dead while the owner is disabled */
            state: string;
            /**
             * Format: int64
             * @description 0 for never
             */
            used_at: number;
        };
        TokenInput: {
            agent?: boolean;
            /**
             * Format: int64
             * @description at most a year away
             */
            expires_at: number;
            grants: components["schemas"]["GrantText"][];
            name: string;
            owner?: string;
            pushes_as?: string;
        };
        TokensBody: {
            tokens: components["schemas"]["Token"][];
        };
        Touched: {
            notes: string[];
            /** Format: int64 */
            people: number;
            /** Format: int64 */
            sessions: number;
        };
        Trace: {
            /** Format: double */
            duration: number;
            /** Format: int64 */
            errors: number;
            events: components["schemas"]["TraceRow"][];
            logs: components["schemas"]["TraceRow"][];
            notes: string[];
            root: string;
            service: string;
            services: components["schemas"]["TraceService"][];
            spans: components["schemas"]["TraceSpan"][];
            /** Format: int64 */
            start: number;
            trace_id: string;
        };
        TraceCountBody: {
            /**
             * Format: double
             * @description Traces; beyond some ten thousand within 2 %
             */
            count: number;
            /**
             * Format: double
             * @description Spans that are stored
             */
            spans: number;
        };
        TraceRow: {
            /** Format: int64 */
            at: number;
            attributes: {
                [key: string]: string;
            };
            body: string;
            business_id: string;
            /** Format: double */
            duration: number;
            level: string;
            name: string;
            release: string;
            route: string;
            service: string;
            session: string;
            span_id: string;
            status: string;
            table: string;
            trace_id: string;
        };
        Traces: {
            cut: boolean;
            notes: string[];
            traces: components["schemas"]["TraceSummary"][];
        };
        TraceService: {
            /** Format: int64 */
            errors: number;
            /** Format: double */
            on_path: number;
            /** Format: double */
            self: number;
            service: string;
            /** Format: double */
            share: number;
            /** Format: int64 */
            spans: number;
        };
        TraceSpan: {
            attributes: {
                [key: string]: string;
            };
            critical: boolean;
            cycle: boolean;
            /** Format: int64 */
            depth: number;
            detail: string;
            duplicate: boolean;
            /** Format: double */
            duration: number;
            error_type: string;
            kind: string;
            message: string;
            name: string;
            /** Format: double */
            on_path: number;
            orphan: boolean;
            parent_id: string;
            route: string;
            /** Format: double */
            self: number;
            service: string;
            /** Format: int64 */
            skew: number;
            span_id: string;
            /** Format: int64 */
            start: number;
            status: string;
        };
        TraceSummary: {
            /** Format: double */
            duration: number;
            /** Format: int64 */
            errors: number;
            /** Format: int64 */
            matched: number;
            root: string;
            service: string;
            services: string[];
            /** Format: int64 */
            spans: number;
            /** Format: int64 */
            start: number;
            trace_id: string;
        };
        Update: {
            /** Format: int64 */
            as_of: number;
            counts: components["schemas"]["Counts"];
            kpis: components["schemas"]["KPIView"][];
            /** @description Names of KPIs that no longer exist */
            removed: string[];
            sources: components["schemas"]["SourcesSummary"];
            verdict: components["schemas"]["Verdict"];
        };
        UsageKPIInput: {
            /**
             * Format: int64
             * @description retention: days
             * @enum {integer}
             */
            after?: 1 | 7 | 30;
            agency?: string;
            /** @description success */
            end?: string;
            env?: string;
            /** @description errors: id of the group */
            error?: string;
            /** @description success */
            fail?: string;
            /** @description adoption */
            feature?: string;
            /**
             * @description adoption
             * @enum {string}
             */
            kind?: "event" | "route" | "release";
            /** @description Of the KPI; made from the view unless stated */
            name?: string;
            /**
             * @description funnel
             * @enum {string}
             */
            order?: "sequential" | "strict" | "any";
            owner?: string;
            /** @description funnel and success: only these rows */
            q?: string;
            service?: string;
            /**
             * @description actives
             * @enum {string}
             */
            span?: "day" | "week" | "month";
            /** @description success */
            start?: string;
            /**
             * @description session_duration
             * @enum {string}
             */
            stat?: "median" | "p95" | "mean";
            /**
             * Format: int64
             * @description funnel: from 1; 0 is the last
             */
            step?: number;
            /** @description funnel: a search for each */
            steps?: string[];
            /**
             * @description success
             * @enum {string}
             */
            table?: "logs" | "spans" | "events";
            title?: string;
            /**
             * Format: double
             * @description What it is now: thresholds are proposed around it
             */
            value?: number;
            /** @enum {string} */
            view: "actives" | "stickiness" | "sessions" | "session_duration" | "actions" | "bounce" | "retention" | "adoption" | "funnel" | "success" | "errors";
            /**
             * Format: double
             * @description funnel and success: seconds
             */
            within?: number;
        };
        User: {
            /** Format: int64 */
            created_at: number;
            created_by: string;
            grants: components["schemas"]["GrantText"][];
            id: string;
            /** @description what they sign in with, in lower case */
            login: string;
            must_change_password: boolean;
            name: string;
            /** @description local, or oidc for those whose grants follow the provider */
            origin: string;
            /**
             * Format: int64
             * @description last sign-in; 0 for never
             */
            signed_in_at: number;
            /** @description active or disabled */
            state: string;
        };
        UserChange: {
            grants?: components["schemas"]["GrantText"][];
            name?: string;
            /** @description for the audit record */
            reason?: string;
            /** @description active or disabled */
            state?: string;
        };
        UserInput: {
            grants: components["schemas"]["GrantText"][];
            keep_password?: boolean;
            login: string;
            name?: string;
            password?: string;
        };
        UsersBody: {
            users: components["schemas"]["User"][];
        };
        ValueBody: {
            /** @enum {string} */
            light: "green" | "yellow" | "red" | "grey";
            name: string;
            /** Format: int64 */
            period_end: number;
            /**
             * Format: double
             * @description In base units; always a number here
             */
            value: number | null;
        };
        Verdict: {
            detail: string;
            /** @enum {string} */
            light: "green" | "yellow" | "red" | "grey";
            /** @example E-file error rate is breached. Two other KPIs are at risk. */
            sentence: string;
        };
        VerifyBody: {
            /**
             * Format: int64
             * @description Anchors that were found in the chain
             */
            anchors: number;
            /** Format: int64 */
            at: number;
            break?: components["schemas"]["Break"];
            /**
             * Format: int64
             * @description Digests that were written after the clock was set back
             */
            clock_backs: number;
            /** @description false for a file that was exported with a filter */
            complete: boolean;
            /** Format: int64 */
            digests: number;
            /** Format: int64 */
            empty_digests: number;
            /** Format: int64 */
            first_seq: number;
            /**
             * Format: int64
             * @description Start of the first hour with a digest, Unix ms
             */
            from: number;
            good: boolean;
            /** @description Hash of the last record: compare it with what was anchored */
            head: string;
            /** @description false: the log's own keys were believed */
            key_given: boolean;
            /** @description Fingerprints of the keys that signed */
            keys: string[];
            /** Format: int64 */
            last_seq: number;
            /**
             * Format: int64
             * @description Hours at whose end nobody ran
             */
            late_digests: number;
            /** @description What is no break and yet worth knowing */
            notes: string[];
            /** Format: int64 */
            records: number;
            sentence: string;
            /**
             * Format: int64
             * @description Up to this record a signature vouches; the rest is chained only
             */
            signed_seq: number;
            /**
             * Format: int64
             * @description End of the last hour with a digest
             */
            to: number;
            /** Format: int64 */
            took_ms: number;
        };
        Vote: {
            /** Format: int64 */
            at: number;
            comment: string;
            counts: boolean;
            /** @description What was voted on */
            hash: string;
            /** @enum {string} */
            verdict: "approve" | "reject";
            who: components["schemas"]["Who"];
            /** @description Why it does not count; empty when it does */
            why: string;
        };
        Watched: {
            ask: components["schemas"]["FunnelQuestion"];
            name: string;
        };
        Who: {
            id: string;
            /** @enum {string} */
            kind: "person" | "token" | "start" | "file" | "system";
            name: string;
        };
        Why: {
            /** @enum {string} */
            answer: "paged" | "told_before" | "silenced" | "inhibited" | "muted" | "failed" | "other_receiver" | "untold" | "not_paging" | "not_red" | "no_data" | "unobserved" | "retired" | "not_yet" | "not_judged" | "too_old";
            /**
             * Format: int64
             * @description The instant that is explained
             */
            at: number;
            /** @description Id of the record of how the light came about; empty if none is kept */
            decision: string;
            /**
             * Format: int64
             * @description Of the span that was asked about; 0 for an instant
             */
            from: number;
            group: {
                [key: string]: string;
            };
            group_text: string;
            kpi: string;
            /**
             * @description none: not judged then
             * @enum {string}
             */
            light: "green" | "yellow" | "red" | "grey" | "none";
            /** @description Other groups that were not on target then */
            others: components["schemas"]["WhyOther"][];
            paged: boolean;
            /** @description The datapoints that the rule looked at, oldest first */
            points: components["schemas"]["DecisionPoint"][];
            reasons: components["schemas"]["WhyReason"][];
            /** @description What became of the messages of this alert until then, newest first */
            receipts: components["schemas"]["Receipt"][];
            receiver: string;
            /**
             * Format: int64
             * @description The revision that judged, 0 if none is known
             */
            revision: number;
            sentence: string;
            title: string;
            /** Format: int64 */
            to: number;
            word: string;
        };
        WhyLink: {
            /** @description Id of the decision, silence or receipt; the number of the revision; Kind/name of the policy */
            id: string;
            /** @enum {string} */
            kind: "decision" | "revision" | "policy" | "silence" | "receipt";
            text: string;
        };
        WhyOther: {
            group: {
                [key: string]: string;
            };
            /** @enum {string} */
            light: "green" | "yellow" | "red" | "grey";
            text: string;
            word: string;
        };
        WhyReason: {
            /**
             * Format: int64
             * @description When it happened, 0 for what has no instant
             */
            at: number;
            /**
             * @description leads: on to a page; stops: here it ended; told: somebody was told; unknown: no stored fact says
             * @enum {string}
             */
            effect: "leads" | "stops" | "told" | "fact" | "unknown";
            /** @enum {string} */
            kind: "time" | "outage" | "light" | "rule" | "page" | "alert" | "route" | "silenced" | "inhibited" | "muted" | "delivery" | "repeat" | "retired" | "kept" | "next";
            link: components["schemas"]["WhyLink"] | null;
            sentence: string;
        };
        WhyRecord: {
            /** @description One for each group that it concerns, at most 20 */
            answers: components["schemas"]["Why"][];
            id: string;
            /** @enum {string} */
            kind: "decision" | "message" | "silence";
            sentence: string;
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    alerts: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AlertsBody"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    audit: {
        parameters: {
            query?: {
                action?: string;
                /** @description Id or name, whole */
                actor?: string;
                /** @description Only records with a smaller seq */
                before?: number;
                /** @description Unix ms; left out: a default look-back before to */
                from?: number;
                limit?: number;
                object_kind?: string;
                object_name?: string;
                outcome?: "done" | "denied" | "failed";
                text?: string;
                /** @description Unix ms; now when left out */
                to?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AuditBody"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "audit-digests": {
        parameters: {
            query?: {
                /** @description Only digests with a smaller number */
                before?: number;
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DigestsBody"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "audit-export": {
        parameters: {
            query?: {
                action?: string;
                /** @description Id or name, whole */
                actor?: string;
                /** @description Only records with a smaller seq */
                before?: number;
                /** @description Unix ms; left out: a default look-back before to */
                from?: number;
                limit?: number;
                object_kind?: string;
                object_name?: string;
                outcome?: "done" | "denied" | "failed";
                text?: string;
                /** @description Unix ms; now when left out */
                to?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "audit-key": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["KeyBody"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "audit-rotate": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ReasonInput"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AuditKey"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "audit-verify": {
        parameters: {
            query?: {
                /** @description SEQ:HASH as it was told to the world outside */
                anchor?: string[];
                /** @description Also compare the store's indexes with the records, so that a search cannot hide one; slow */
                indexes?: boolean;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["VerifyBody"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    board: {
        parameters: {
            query?: {
                /** @description name=value; repeat for more, all must match */
                label?: string[];
                outcome?: "technical" | "business";
                owner?: string;
                state?: "green" | "yellow" | "red" | "grey" | "paused";
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Board"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    boards: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BoardsBody"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "board-page": {
        parameters: {
            query?: {
                /** @description name=value of a variable; repeat for more */
                var?: string[];
            };
            header?: never;
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BoardPage"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    changes: {
        parameters: {
            query?: {
                /** @description Unix ms; left out: a default look-back before to */
                from?: number;
                /** @description Only what concerns this KPI */
                kpi?: string;
                /** @description D deploy, P policy, F flag, C config, N note, A action */
                letter?: string[];
                /** @description The newest of the span */
                limit?: number;
                /** @description Unix ms; now when left out */
                to?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ChangesBody"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "report-change": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ChangeInput"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Mark"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    confirm: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ConfirmInput"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MeBody"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    correlate: {
        parameters: {
            query?: {
                business_id?: string;
                /** @description Unix ms; left out: a default look-back before to */
                from?: number;
                limit?: number;
                session?: string;
                /** @description Unix ms; now when left out */
                to?: number;
                trace_id?: string;
                /** @description Pseudonym */
                user?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Related"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    decisions: {
        parameters: {
            query?: {
                /** @description Unix ms; left out: a default look-back before to */
                from?: number;
                kpi?: string;
                limit?: number;
                /** @description Unix ms; now when left out */
                to?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DecisionsBody"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    decision: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Decision"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    demo: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DemoBody"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "demo-switch": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                action: "break" | "heal";
                service: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DemoBody"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "demo-mails": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MailsBody"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "demo-mail": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MailBody"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    errors: {
        parameters: {
            query?: {
                agency?: string;
                env?: string;
                /** @description Unix ms; left out: a default look-back before to */
                from?: number;
                limit?: number;
                q?: string;
                service?: string;
                sort?: "count" | "new" | "people" | "last";
                state?: "new" | "regressed" | "known";
                /** @description Unix ms; now when left out */
                to?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Errors"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    error: {
        parameters: {
            query?: {
                /** @description Unix ms; left out: a default look-back before to */
                from?: number;
                /** @description Unix ms; now when left out */
                to?: number;
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorGroup"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    events: {
        parameters: {
            query?: {
                /** @description next of the page before */
                after?: string;
                /** @description Unix ms; left out: a default look-back before to */
                from?: number;
                limit?: number;
                /** @description Oldest first */
                oldest?: boolean;
                /** @description Search, such as: timeout service:intake level:error -route:/health */
                q?: string;
                /** @description Unix ms; now when left out */
                to?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RowsBody"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "events-count": {
        parameters: {
            query?: {
                /** @description Unix ms; left out: a default look-back before to */
                from?: number;
                q?: string;
                /** @description Unix ms; now when left out */
                to?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CountBody"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "events-export": {
        parameters: {
            query: {
                /** @description YYYY-MM-DD, UTC */
                day: string;
                /** @description Search; left out: all rows of the day */
                q?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "events-facets": {
        parameters: {
            query?: {
                field?: string[];
                /** @description Unix ms; left out: a default look-back before to */
                from?: number;
                q?: string;
                /** @description Unix ms; now when left out */
                to?: number;
                top?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["FacetsBody"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "events-fields": {
        parameters: {
            query?: {
                /** @description Unix ms; left out: a default look-back before to */
                from?: number;
                /** @description Unix ms; now when left out */
                to?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["FieldsBody"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "events-histogram": {
        parameters: {
            query?: {
                /** @description Field whose values are told apart, such as level */
                by?: string;
                /** @description Unix ms; left out: a default look-back before to */
                from?: number;
                /** @description Most buckets wanted */
                max?: number;
                q?: string;
                /** @description Unix ms; now when left out */
                to?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HistogramBody"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    exports: {
        parameters: {
            query?: {
                /** @description Only exports with a smaller id */
                before?: number;
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ExportsBody"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "export-days": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ExportDays"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ExportStatus"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    feedback: {
        parameters: {
            query?: {
                kpi?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["FeedbackBody"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "answer-feedback": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: number;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["AnswerInput"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Feedback"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    import: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ImportInput"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Result"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    kpis: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["KPIsBody"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    kpi: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Name of the KPI */
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["KPIView"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "kpi-budget": {
        parameters: {
            query?: {
                /** @description Unix ms; left out: a default look-back before to */
                from?: number;
                /** @description Unix ms; now when left out */
                to?: number;
            };
            header?: never;
            path: {
                /** @description Name of the KPI */
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BurnDown"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "kpi-decisions": {
        parameters: {
            query?: {
                limit?: number;
            };
            header?: never;
            path: {
                /** @description Name of the KPI */
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DecisionsBody"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "give-feedback": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Name of the KPI */
                name: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["FeedbackInput"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Feedback"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "kpi-groups": {
        parameters: {
            query?: {
                /** @description Unix ms; left out: a default look-back before to */
                from?: number;
                /** @description Unix ms; now when left out */
                to?: number;
            };
            header?: never;
            path: {
                /** @description Name of the KPI */
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["GroupsBody"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "kpi-leads": {
        parameters: {
            query?: {
                /** @description Unix ms; left out: a default look-back before to */
                from?: number;
                /** @description Labels of one group as a JSON object */
                group?: string;
                /** @description Unix ms; now when left out */
                to?: number;
            };
            header?: never;
            path: {
                /** @description Name of the KPI */
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Leads"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "kpi-series": {
        parameters: {
            query?: {
                /** @description Unix ms; left out: a default look-back before to */
                from?: number;
                /** @description Labels of one group as a JSON object; left out: the KPI itself */
                group?: string;
                /** @description Most points wanted */
                max?: number;
                /** @description Unix ms; now when left out */
                to?: number;
            };
            header?: never;
            path: {
                /** @description Name of the KPI */
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Series"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "kpi-value": {
        parameters: {
            query?: {
                /** @description Labels of one group as a JSON object; left out: the KPI itself */
                group?: string;
            };
            header?: never;
            path: {
                /** @description Name of the KPI */
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ValueBody"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "kpi-why": {
        parameters: {
            query?: {
                /** @description Unix ms of the instant that is asked about; now when left out */
                at?: number;
                /** @description Unix ms; left out: a default look-back before to */
                from?: number;
                /** @description Labels of one group as a JSON object; left out: the group that was worst then */
                group?: string;
                /** @description Name of a receiver or address of a person; left out: anybody */
                receiver?: string;
                /** @description Unix ms; now when left out */
                to?: number;
            };
            header?: never;
            path: {
                /** @description Name of the KPI */
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Why"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    login: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["LoginInput"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    "Set-Cookie"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MeBody"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    logout: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    "Set-Cookie"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Empty"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    logs: {
        parameters: {
            query?: {
                /** @description next of the page before */
                after?: string;
                /** @description Unix ms; left out: a default look-back before to */
                from?: number;
                limit?: number;
                /** @description Oldest first */
                oldest?: boolean;
                /** @description Search, such as: timeout service:intake level:error -route:/health */
                q?: string;
                /** @description Unix ms; now when left out */
                to?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RowsBody"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "logs-context": {
        parameters: {
            query: {
                after?: number;
                /** @description Time of the line, Unix ms with fractions */
                at: number;
                before?: number;
                /** @description What the neighbours have in common, such as service:intake */
                q?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ContextBody"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "logs-count": {
        parameters: {
            query?: {
                /** @description Unix ms; left out: a default look-back before to */
                from?: number;
                q?: string;
                /** @description Unix ms; now when left out */
                to?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CountBody"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "logs-export": {
        parameters: {
            query: {
                /** @description YYYY-MM-DD, UTC */
                day: string;
                /** @description Search; left out: all rows of the day */
                q?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "logs-facets": {
        parameters: {
            query?: {
                field?: string[];
                /** @description Unix ms; left out: a default look-back before to */
                from?: number;
                q?: string;
                /** @description Unix ms; now when left out */
                to?: number;
                top?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["FacetsBody"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "logs-fields": {
        parameters: {
            query?: {
                /** @description Unix ms; left out: a default look-back before to */
                from?: number;
                /** @description Unix ms; now when left out */
                to?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["FieldsBody"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "logs-histogram": {
        parameters: {
            query?: {
                /** @description Field whose values are told apart, such as level */
                by?: string;
                /** @description Unix ms; left out: a default look-back before to */
                from?: number;
                /** @description Most buckets wanted */
                max?: number;
                q?: string;
                /** @description Unix ms; now when left out */
                to?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HistogramBody"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    me: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MeBody"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "set-password": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PasswordChange"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NewPassword"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    policies: {
        parameters: {
            query?: {
                kind?: string;
                owner?: string;
                review?: "ok" | "soon" | "overdue" | "none";
                state?: "in_force" | "scheduled" | "removed" | "refused";
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PoliciesBody"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    policy: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                kind: "KPI" | "Route" | "Retention" | "Sampling" | "Privacy" | "Approval" | "Maintenance" | "Board";
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Policy"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "revert-policy": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                kind: "KPI" | "Route" | "Retention" | "Sampling" | "Privacy" | "Approval" | "Maintenance" | "Board";
                name: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["RevertInput"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProposalBody"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "policy-revisions": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                kind: "KPI" | "Route" | "Retention" | "Sampling" | "Privacy" | "Approval" | "Maintenance" | "Board";
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RevisionsBody"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "backtest-policies": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["BacktestInput"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BacktestBody"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "check-policies": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CheckInput"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CheckBody"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "policies-export": {
        parameters: {
            query?: {
                kind?: string[];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ExportBody"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "policy-schema": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                kind: "all" | "KPI" | "Route" | "Retention" | "Sampling" | "Privacy" | "Approval" | "Maintenance" | "Board";
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": unknown;
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "privacy-erase": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SubjectInput"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Request"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "privacy-export": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SubjectInput"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "privacy-requests": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PrivacyRequests"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "privacy-request": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PrivacyRequest"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    proposals: {
        parameters: {
            query?: {
                kind?: string;
                limit?: number;
                /** @description Only the asker's own */
                mine?: boolean;
                name?: string;
                state?: "open" | "draft" | "tested" | "approved" | "scheduled" | "applied" | "rejected" | "expired" | "superseded" | "failed";
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProposalsBody"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    propose: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Draft"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProposalBody"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    proposal: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProposalBody"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "edit-proposal": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: number;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Draft"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProposalBody"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "apply-proposal": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProposalBody"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "approve-proposal": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: number;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ApproveInput"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProposalBody"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "cancel-backtest": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProposalBody"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "cancel-proposal": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: number;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ReasonInput"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProposalBody"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "comment-proposal": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: number;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["TextInput"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProposalBody"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "rebase-proposal": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProposalBody"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "reject-proposal": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: number;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ReasonInput"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProposalBody"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "test-proposal": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: number;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["TestProposalInput"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProposalBody"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "test-receiver": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["TestInput"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TestBody"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    reviews: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ReviewsBody"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "complete-review": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                kind: "KPI" | "Route" | "Retention" | "Sampling" | "Privacy" | "Approval" | "Maintenance" | "Board";
                name: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NoteInput"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Review"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    roles: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RolesBody"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    services: {
        parameters: {
            query?: {
                agency?: string;
                env?: string;
                /** @description Read the spans instead of what is kept */
                exact?: boolean;
                /** @description Unix ms; left out: a default look-back before to */
                from?: number;
                q?: string;
                service?: string;
                /** @description Unix ms; now when left out */
                to?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Map"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    sessions: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SessionsBody"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "end-session": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Empty"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "create-silence": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SilenceInput"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SilenceBody"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "expire-silence": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Empty"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "preview-silence": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PreviewInput"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PreviewBody"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    sources: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SourcesBody"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    spans: {
        parameters: {
            query?: {
                /** @description next of the page before */
                after?: string;
                /** @description Unix ms; left out: a default look-back before to */
                from?: number;
                limit?: number;
                /** @description Oldest first */
                oldest?: boolean;
                /** @description Search, such as: timeout service:intake level:error -route:/health */
                q?: string;
                /** @description Unix ms; now when left out */
                to?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RowsBody"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "spans-count": {
        parameters: {
            query?: {
                /** @description Unix ms; left out: a default look-back before to */
                from?: number;
                q?: string;
                /** @description Unix ms; now when left out */
                to?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CountBody"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "spans-export": {
        parameters: {
            query: {
                /** @description YYYY-MM-DD, UTC */
                day: string;
                /** @description Search; left out: all rows of the day */
                q?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "spans-facets": {
        parameters: {
            query?: {
                field?: string[];
                /** @description Unix ms; left out: a default look-back before to */
                from?: number;
                q?: string;
                /** @description Unix ms; now when left out */
                to?: number;
                top?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["FacetsBody"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "spans-fields": {
        parameters: {
            query?: {
                /** @description Unix ms; left out: a default look-back before to */
                from?: number;
                /** @description Unix ms; now when left out */
                to?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["FieldsBody"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "spans-histogram": {
        parameters: {
            query?: {
                /** @description Field whose values are told apart, such as level */
                by?: string;
                /** @description Unix ms; left out: a default look-back before to */
                from?: number;
                /** @description Most buckets wanted */
                max?: number;
                q?: string;
                /** @description Unix ms; now when left out */
                to?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HistogramBody"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    status: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["StatusBody"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    stream: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Events */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/event-stream": {
                        data: components["schemas"]["Update"];
                        /** @enum {string} */
                        event: "kpis";
                    } | {
                        data: components["schemas"]["Empty"];
                        /** @enum {string} */
                        event: "alerts";
                    } | {
                        data: components["schemas"]["Empty"];
                        /** @enum {string} */
                        event: "policies";
                    } | {
                        data: components["schemas"]["SourcesSummary"];
                        /** @enum {string} */
                        event: "sources";
                    } | {
                        data: components["schemas"]["Ping"];
                        /** @enum {string} */
                        event: "ping";
                    };
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    tail: {
        parameters: {
            query?: {
                q?: string;
            };
            header?: never;
            path: {
                table: "logs" | "spans" | "events";
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Events */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/event-stream": components["schemas"]["TailBody"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    tokens: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TokensBody"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "create-token": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["TokenInput"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NewToken"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "revoke-token": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Empty"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    traces: {
        parameters: {
            query?: {
                /** @description Unix ms; left out: a default look-back before to */
                from?: number;
                limit?: number;
                /** @description Search over spans, such as: service:intake status:error duration:>2s */
                q?: string;
                /** @description Unix ms; now when left out */
                to?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Traces"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    trace: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Trace"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "traces-count": {
        parameters: {
            query?: {
                /** @description Unix ms; left out: a default look-back before to */
                from?: number;
                q?: string;
                /** @description Unix ms; now when left out */
                to?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TraceCountBody"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "usage-actives": {
        parameters: {
            query?: {
                agency?: string;
                env?: string;
                /** @description Unix ms; left out: a default look-back before to */
                from?: number;
                period?: "day" | "week" | "month";
                /** @description Only these events; with it the answer is made from the rows */
                q?: string;
                service?: string;
                /** @description Unix ms; now when left out */
                to?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Actives"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "usage-adoption": {
        parameters: {
            query?: {
                agency?: string;
                env?: string;
                /** @description Unix ms; left out: a default look-back before to */
                from?: number;
                kind?: "event" | "route" | "release";
                name?: string[];
                period?: "day" | "week" | "month";
                /** @description Only these events; with it the answer is made from the rows */
                q?: string;
                releases?: boolean;
                service?: string;
                /** @description Unix ms; now when left out */
                to?: number;
                top?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Adoption"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "usage-funnel": {
        parameters: {
            query: {
                agency?: string;
                /** @description Field of the first step's event */
                by?: string;
                env?: string;
                /** @description n:search removes people who do it after step n, which counts from 1, and before the next */
                exclude?: string[];
                /** @description Unix ms; left out: a default look-back before to */
                from?: number;
                order?: "sequential" | "strict" | "any";
                q?: string;
                service?: string;
                /** @description Search for one step's events; repeat in order */
                step: string[];
                /** @description Unix ms; now when left out */
                to?: number;
                /** @description Seconds from the first step */
                within?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Funnel"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "usage-kpi": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["UsageKPIInput"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["KPIDraft"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "usage-people": {
        parameters: {
            query?: {
                /** @description Unix ms; left out: a default look-back before to */
                from?: number;
                q?: string;
                table?: "logs" | "spans" | "events";
                /** @description Unix ms; now when left out */
                to?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Touched"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "usage-retention": {
        parameters: {
            query?: {
                agency?: string;
                env?: string;
                /** @description Unix ms; left out: a default look-back before to */
                from?: number;
                /** @description Came back in that period or later; else in that very period */
                on_or_after?: boolean;
                period?: "day" | "week" | "month";
                periods?: number;
                /** @description Only these events; with it the answer is made from the rows */
                q?: string;
                /** @description Everybody active in a period is its cohort; else only who was new */
                recurring?: boolean;
                /** @description What counts as coming back; any event unless stated */
                return?: string;
                service?: string;
                /** @description What makes somebody part of a cohort; any event unless stated */
                start?: string;
                /** @description Unix ms; now when left out */
                to?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Retention"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "usage-sessions": {
        parameters: {
            query?: {
                agency?: string;
                env?: string;
                /** @description Unix ms; left out: a default look-back before to */
                from?: number;
                period?: "day" | "week" | "month";
                /** @description Only these events; with it the answer is made from the rows */
                q?: string;
                service?: string;
                /** @description Unix ms; now when left out */
                to?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Sessions"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "usage-success": {
        parameters: {
            query: {
                agency?: string;
                end: string;
                env?: string;
                fail?: string;
                /** @description Unix ms; left out: a default look-back before to */
                from?: number;
                period?: "day" | "week" | "month";
                q?: string;
                service?: string;
                start: string;
                table?: "logs" | "spans" | "events";
                /** @description Unix ms; now when left out */
                to?: number;
                /** @description Seconds */
                within?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Success"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    users: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UsersBody"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "create-user": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["UserInput"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NewUser"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    user: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Id or login */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["User"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "update-user": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Id or login */
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["UserChange"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["User"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "remove-user": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Id or login */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Empty"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    why: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Id of a decision, Message-ID of a page, or id of a silence */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WhyRecord"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
}
