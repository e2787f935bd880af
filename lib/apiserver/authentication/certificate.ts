/** Client certificates: whoever our authority has signed is who it says, and its organisations are its groups. */
import type { Authenticator } from './authentication.js';

export const clientCertificates: Authenticator = {
  name: 'x509',
  authenticate: ({ certificate }) =>
    certificate && {
      name: certificate.commonName,
      groups: [...certificate.organisations, 'system:authenticated'],
    },
};
