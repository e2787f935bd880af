/**
 * What is said to an etcd: the part of its gRPC interface that a store needs, in the language it is defined in. The numbers
 * are the wire's; what is left out here is skipped when it comes.
 *
 * @see https://etcd.io/docs/v3.4/learning/api/
 */
import protobuf from 'protobufjs';

const { root } = protobuf.parse(`
  syntax = "proto3";

  message ResponseHeader { uint64 cluster_id = 1; uint64 member_id = 2; int64 revision = 3; }

  message KeyValue {
    bytes key = 1;
    int64 create_revision = 2;
    int64 mod_revision = 3;
    int64 version = 4;
    bytes value = 5;
  }

  message RangeRequest {
    bytes key = 1;
    bytes range_end = 2;
    int64 limit = 3;
    int64 revision = 4;
    bool keys_only = 8;
    bool count_only = 9;
  }
  message RangeResponse { ResponseHeader header = 1; repeated KeyValue kvs = 2; int64 count = 4; }

  message PutRequest { bytes key = 1; bytes value = 2; }
  message DeleteRangeRequest { bytes key = 1; bytes range_end = 2; }
  message DeleteRangeResponse { int64 deleted = 2; }

  message Compare {
    enum Result { EQUAL = 0; GREATER = 1; LESS = 2; NOT_EQUAL = 3; }
    enum Target { VERSION = 0; CREATE = 1; MOD = 2; VALUE = 3; }
    Result result = 1;
    Target target = 2;
    bytes key = 3;
    oneof target_union { int64 version = 4; int64 create_revision = 5; int64 mod_revision = 6; }
  }
  message RequestOp {
    oneof request { RangeRequest range = 1; PutRequest put = 2; DeleteRangeRequest delete_range = 3; }
  }
  message ResponseOp {
    oneof response { RangeResponse range = 1; DeleteRangeResponse delete_range = 3; }
  }
  message TxnRequest { repeated Compare compare = 1; repeated RequestOp success = 2; repeated RequestOp failure = 3; }
  message TxnResponse { ResponseHeader header = 1; bool succeeded = 2; repeated ResponseOp responses = 3; }

  message CompactionRequest { int64 revision = 1; }
  message CompactionResponse { ResponseHeader header = 1; }

  message WatchCreateRequest { bytes key = 1; bytes range_end = 2; int64 start_revision = 3; bool prev_kv = 6; }
  message WatchRequest { WatchCreateRequest create_request = 1; }
  message Event {
    enum Type { PUT = 0; DELETE = 1; }
    Type type = 1;
    KeyValue kv = 2;
    KeyValue prev_kv = 3;
  }
  message WatchResponse {
    ResponseHeader header = 1;
    bool created = 3;
    bool canceled = 4;
    int64 compact_revision = 5;
    string cancel_reason = 6;
    repeated Event events = 11;
  }

  message AuthenticateRequest { string name = 1; string password = 2; }
  message AuthenticateResponse { ResponseHeader header = 1; string token = 2; }

  message StatusRequest {}
  message StatusResponse { ResponseHeader header = 1; string version = 2; }
`);

export interface Header {
  readonly clusterId: number;
  readonly revision: number;
}

export interface KeyValue {
  readonly key: Buffer;
  readonly value: Buffer;
  readonly createRevision: number;
  readonly modRevision: number;
  /** 1 for a key that was just made, 0 for one that was removed. */
  readonly version: number;
}

/** The keys from `key` up to, and without, `rangeEnd`; `key` alone if that is left out. */
export interface Range {
  readonly key: Buffer;
  readonly rangeEnd?: Buffer;
}

export interface RangeRequest extends Range {
  readonly limit?: number;
  readonly revision?: number;
  readonly keysOnly?: boolean;
  readonly countOnly?: boolean;
}

export interface RangeResponse {
  readonly header: Header;
  readonly kvs: readonly KeyValue[];
  /** How many there are in all, whatever the limit. */
  readonly count: number;
}

/** The key's last revision, 0 where there is none; or how often it was written. */
export type Compare = { readonly key: Buffer } & (
  { readonly target: 'MOD'; readonly modRevision: number } | { readonly target: 'VERSION'; readonly version: number }
);

export type RequestOp =
  | { readonly range: RangeRequest }
  | { readonly put: { readonly key: Buffer; readonly value: Buffer } }
  | { readonly deleteRange: Range };

export interface TxnRequest {
  readonly compare: readonly Compare[];
  readonly success: readonly RequestOp[];
  readonly failure: readonly RequestOp[];
}

export interface TxnResponse {
  readonly header: Header;
  readonly succeeded: boolean;
  readonly responses: readonly {
    readonly range?: RangeResponse | null;
    readonly deleteRange?: { readonly deleted: number } | null;
  }[];
}

export interface WatchRequest {
  readonly createRequest: Range & { readonly startRevision: number; readonly prevKv: boolean };
}

export interface WatchResponse {
  readonly header: Header;
  readonly canceled: boolean;
  /** Greater than 0: the watch asked for what is no longer kept; this is the oldest that is. */
  readonly compactRevision: number;
  readonly cancelReason: string;
  readonly events: readonly {
    readonly type: 'PUT' | 'DELETE';
    readonly kv: KeyValue;
    readonly prevKv?: KeyValue | null;
  }[];
}

/** One method of the interface: where it is, and how what goes in and what comes out is written. */
export interface Method<Request, Response> {
  readonly path: string;
  readonly encode: (request: Request) => Buffer;
  readonly decode: (bytes: Buffer) => Response;
}

/** Revisions fit a number: 2^53 writes are far away. (A cluster's id does not: what is lost of it are its last bits.) */
const conversion = { longs: Number, enums: String, defaults: true, arrays: true } as const;

function method<Request extends object, Response>(path: string, request: string, response: string) {
  const [ask, answer] = [root.lookupType(request), root.lookupType(response)];
  return {
    path: `/etcdserverpb.${path}`,
    encode: (message: Request) => Buffer.from(ask.encode(ask.fromObject(message)).finish()),
    decode: (bytes: Buffer) => answer.toObject(answer.decode(bytes), conversion) as Response,
  } satisfies Method<Request, Response>;
}

export const methods = {
  range: method<RangeRequest, RangeResponse>('KV/Range', 'RangeRequest', 'RangeResponse'),
  txn: method<TxnRequest, TxnResponse>('KV/Txn', 'TxnRequest', 'TxnResponse'),
  compact: method<{ readonly revision: number }, { readonly header: Header }>(
    'KV/Compact',
    'CompactionRequest',
    'CompactionResponse',
  ),
  watch: method<WatchRequest, WatchResponse>('Watch/Watch', 'WatchRequest', 'WatchResponse'),
  authenticate: method<{ readonly name: string; readonly password: string }, { readonly token: string }>(
    'Auth/Authenticate',
    'AuthenticateRequest',
    'AuthenticateResponse',
  ),
  status: method<object, { readonly header: Header; readonly version: string }>(
    'Maintenance/Status',
    'StatusRequest',
    'StatusResponse',
  ),
};
