/** The types of `api.discovery.v1`; `../table.ts` says how to read this. */
export const discoveryV1 = `
AddressType = string FQDN|IPv4|IPv6

Endpoint
  addresses* 1 []string list=set
  conditions? 2 EndpointConditions
  hostname? 3 *string
  targetRef? 4 *core.ObjectReference
  deprecatedTopology? 5 map[string]string
  nodeName? 6 *string
  zone? 7 *string
  hints? 8 *EndpointHints

EndpointConditions
  ready? 1 *bool
  serving? 2 *bool
  terminating? 3 *bool

EndpointHints
  forZones? 1 []ForZone list=atomic
  forNodes? 2 []ForNode list=atomic

EndpointPort atomic
  name? 1 *string
  protocol? 2 *core.Protocol
  port? 3 *int32
  appProtocol? 4 *string

EndpointSlice
  ...meta.TypeMeta
  metadata? 1 meta.ObjectMeta
  addressType* 4 AddressType
  endpoints? 2 []Endpoint list=atomic
  ports? 3 []EndpointPort list=atomic

EndpointSliceList
  ...meta.TypeMeta
  metadata? 1 meta.ListMeta
  items* 2 []EndpointSlice

ForNode
  name* 1 string

ForZone
  name* 1 string
`;
