/** The types of `api.certificates.v1`; `../table.ts` says how to read this. */
export const certificatesV1 = `
KeyUsage = string any|cert sign|client auth|code signing|content commitment|crl sign|data encipherment|decipher only|digital signature|email protection|encipher only|ipsec end system|ipsec tunnel|ipsec user|key agreement|key encipherment|microsoft sgc|netscape sgc|ocsp signing|s/mime|server auth|signing|timestamping
RequestConditionType = string
ExtraValue = []string

CertificateSigningRequest
  ...meta.TypeMeta
  metadata? 1 meta.ObjectMeta
  spec* 2 CertificateSigningRequestSpec
  status? 3 CertificateSigningRequestStatus

CertificateSigningRequestCondition
  type* 1 RequestConditionType
  status* 6 core.ConditionStatus
  reason? 2 string
  message? 3 string
  lastUpdateTime? 4 meta.Time
  lastTransitionTime? 5 meta.Time

CertificateSigningRequestList
  ...meta.TypeMeta
  metadata? 1 meta.ListMeta
  items* 2 []CertificateSigningRequest

CertificateSigningRequestSpec
  request* 1 bytes
  signerName* 7 string
  expirationSeconds? 8 *int32
  usages? 5 []KeyUsage list=atomic
  username? 2 string
  uid? 3 string
  groups? 4 []string list=atomic
  extra? 6 map[string]ExtraValue

CertificateSigningRequestStatus
  conditions? 1 []CertificateSigningRequestCondition list=map/type
  certificate? 2 bytes
`;
