function required(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set`);
  return value;
}

/** The URL of the server, and the credentials of an admin. */
export const settings = {
  url: required('PATRON_URL'),
  email: required('PATRON_ADMIN_EMAIL'),
  password: required('PATRON_ADMIN_PASSWORD'),
};
