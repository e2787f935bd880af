/** The types of `api.node.v1`; `../table.ts` says how to read this. */
export const nodeV1 = `
Overhead
  podFixed? 1 core.ResourceList

RuntimeClass
  ...meta.TypeMeta
  metadata? 1 meta.ObjectMeta
  handler* 2 string
  overhead? 3 *Overhead
  scheduling? 4 *Scheduling

RuntimeClassList
  ...meta.TypeMeta
  metadata? 1 meta.ListMeta
  items* 2 []RuntimeClass

Scheduling
  nodeSelector? 1 map[string]string map=atomic
  tolerations? 2 []core.Toleration list=atomic
`;
