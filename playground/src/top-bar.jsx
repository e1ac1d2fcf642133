import { ENDPOINTS } from './endpoints.js';
import mark from './favicon.svg';

export function TopBar({ endpoint, onEndpoint, token, onToken }) {
  const commit = (event) => onToken(event.target.value);

  return (
    <header className="bar">
      <h1>
        <img src={mark} alt="" width="22" height="22" />
        patron
      </h1>

      <fieldset className="endpoints">
        <legend className="unseen">Endpoint</legend>
        {ENDPOINTS.map((option) => (
          <label key={option.path}>
            <input
              type="radio"
              name="endpoint"
              checked={option === endpoint}
              onChange={() => onEndpoint(option)}
            />
            <span>
              {option.name} <code>{option.path}</code>
            </span>
          </label>
        ))}
      </fieldset>

      {/* Taken over when pasted or left, not letter by letter: each new token
          loads the schema again. No password field: a browser would offer to
          save the token. */}
      <input
        key={endpoint.path}
        className="token"
        type="text"
        defaultValue={token}
        placeholder={endpoint.tokenLabel}
        aria-label={endpoint.tokenLabel}
        title="Sent as Authorization: Bearer …, kept in memory only. An Authorization header in the Headers pane goes first."
        autoComplete="off"
        autoCapitalize="off"
        spellCheck="false"
        onInput={(event) => {
          if (event.nativeEvent.inputType === 'insertFromPaste') commit(event);
        }}
        onBlur={commit}
        onKeyDown={(event) => {
          if (event.key === 'Enter') commit(event);
        }}
      />

      <a href="/api/openapi.json">OpenAPI</a>
    </header>
  );
}
