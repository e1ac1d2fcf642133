function required(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set`);
  return value;
}

/** Where the server is, and which admin asks. */
export const settings = {
  url: required('PATRON_URL'),
  email: required('PATRON_ADMIN_EMAIL'),
  password: required('PATRON_ADMIN_PASSWORD'),
};
