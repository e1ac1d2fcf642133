import{i as e,n as t,t as n}from"./jsx-runtime-DyZJNswf.js";import{$ as r,Tt as i,t as a}from"./graphql-DaUSSPTq.js";import{h as o,m as s,v as c,y as l}from"./index-Bnw7Ku6J.js";import{n as u}from"./one-time-secret-DGQjeLL6.js";var d=a(`
  query WebhookEndpoints {
    webhookEndpoints {
      uuid
      url
      description
      events
      enabled
      previousSecretExpiresAt
      createdAt
      updatedAt
      version
    }
  }
`),f=a(`
  query WebhookQueues {
    failed: webhookDeliveries(first: 100, status: PARKED) {
      nodes {
        endpoint {
          uuid
        }
      }
      pageInfo {
        hasNextPage
      }
    }
    waiting: webhookDeliveries(first: 100, status: PENDING) {
      nodes {
        endpoint {
          uuid
        }
      }
      pageInfo {
        hasNextPage
      }
    }
  }
`),p=a(`
  query DeliveryList(
    $first: Int
    $after: String
    $last: Int
    $before: String
    $endpoint: String
    $status: WebhookDeliveryStatus
  ) {
    webhookDeliveries(first: $first, after: $after, last: $last, before: $before, endpoint: $endpoint, status: $status) {
      nodes {
        uuid
        status
        attempts
        responseStatus
        durationMs
        lastError
        createdAt
        nextAttemptAt
        deliveredAt
        event {
          id
          type
          version
          customer
          sequence
          fields
          data
          createdAt
        }
      }
      pageInfo {
        hasNextPage
        hasPreviousPage
        startCursor
        endCursor
      }
    }
  }
`),m=a(`
  query TestDelivery($endpoint: String!) {
    webhookDeliveries(first: 20, endpoint: $endpoint) {
      nodes {
        uuid
        status
        responseStatus
        durationMs
        lastError
      }
    }
  }
`);function h(e,t){let n=e=>{if(!e)return null;let n=e.nodes.filter(({endpoint:e})=>e?.uuid===t).length;return n?`${n}${e.pageInfo.hasNextPage?`+`:``}`:null};return{failed:n(e?.failed),waiting:n(e?.waiting)}}var g=e(t(),1),_=[{noun:`customer`,label:`Customers`,kinds:[`created`,`updated`,`deleted`]},{noun:`address`,label:`Addresses`,kinds:[`created`,`updated`,`deleted`]},{noun:`password`,label:`Passwords of customers`,kinds:[`changed`]},{noun:`session`,label:`Sessions of customers`,kinds:[`created`,`revoked`]},{noun:`group`,label:`Groups`,kinds:[`created`,`updated`,`deleted`]},{noun:`metafield_definition`,label:`Custom fields`,kinds:[`created`,`updated`,`deleted`]},{noun:`mail`,label:`Mails that an admin requested or retried`,kinds:[`requested`,`retried`]},{noun:`export`,label:`Exports`,kinds:[`created`]},{noun:`admin`,label:`Admins`,kinds:[`created`,`updated`]},{noun:`admin_session`,label:`Sessions of admins`,kinds:[`created`,`revoked`,`stepped_up`]},{noun:`second_factor`,label:`Second factors of admins`,kinds:[`enabled`,`disabled`,`reset`]},{noun:`recovery_codes`,label:`New recovery codes`,kinds:[`created`]},{noun:`recovery_code`,label:`Recovery codes`,kinds:[`used`]},{noun:`saved_view`,label:`Saved views`,kinds:[`created`,`updated`,`deleted`]},{noun:`webhook_endpoint`,label:`Webhooks`,kinds:[`created`,`updated`,`deleted`]}],v=e=>`${e}.*`;function y(e){let t=new Set([`*`,..._.flatMap(({noun:e,kinds:t})=>[v(e),...t.map(t=>`${e}.${t}`)])]);return e.filter(e=>!t.has(e))}var b=e=>e.includes(`*`)?`All events`:e.join(`, `),x=n();function S({events:e,error:t,onChange:n}){let r=e.includes(`*`),[i,a]=(0,g.useState)(r?[]:e),o=e=>{a(e),n(e)},c=(t,n=[])=>o(e.includes(t)?e.filter(e=>e!==t):[...e.filter(e=>!n.includes(e)),t]);return(0,x.jsxs)(`fieldset`,{className:`webhooks-events`,"aria-describedby":t?`webhooks-events-error`:void 0,children:[(0,x.jsx)(`legend`,{className:`field-label`,children:`Events`}),(0,x.jsxs)(`label`,{className:`webhooks-choice`,children:[(0,x.jsx)(`input`,{type:`radio`,name:`webhooks-events`,checked:r,onChange:()=>n([`*`])}),`All events, also of later versions`]}),(0,x.jsxs)(`label`,{className:`webhooks-choice`,children:[(0,x.jsx)(`input`,{type:`radio`,name:`webhooks-events`,checked:!r,onChange:()=>n(i)}),`Only these`]}),!r&&(0,x.jsxs)(`ul`,{className:`webhooks-nouns`,children:[_.map(({noun:t,label:n,kinds:r})=>{let i=r.map(e=>`${t}.${e}`),a=e.includes(v(t));return(0,x.jsxs)(`li`,{children:[(0,x.jsx)(s,{label:n,checked:a,onChange:()=>c(v(t),i)}),(0,x.jsx)(`span`,{className:`webhooks-kinds`,role:`group`,"aria-label":`Events of ${n}`,children:i.map((t,n)=>(0,x.jsxs)(`label`,{"data-off":a||void 0,children:[(0,x.jsx)(`input`,{type:`checkbox`,checked:a||e.includes(t),disabled:a,onChange:()=>c(t)}),(0,x.jsx)(`code`,{children:`.${r[n]}`})]},t))})]},t)}),y(e).map(e=>(0,x.jsx)(`li`,{children:(0,x.jsx)(s,{label:(0,x.jsx)(`code`,{children:e}),checked:!0,onChange:()=>c(e)})},e))]}),t&&(0,x.jsx)(`p`,{className:`field-error`,id:`webhooks-events-error`,children:t})]})}var C={url:``,description:``,events:[`*`],enabled:!0},w={url:`URL`,description:`Description`,events:`Events`,enabled:`Enabled`},T=Object.keys(w);function E({form:e,failure:t,withEnabled:n,onChange:r}){return(0,x.jsxs)(x.Fragment,{children:[(0,x.jsx)(o,{label:`URL`,error:t?.field(`url`),hint:`Begins with https:// and can be reached from the Internet. It receives each event as a POST.`,children:(0,x.jsx)(c,{"data-first":!0,type:`url`,inputMode:`url`,autoComplete:`off`,autoCapitalize:`none`,spellCheck:!1,placeholder:`https://erp.example.com/hooks/customers`,maxLength:2048,value:e.url,onChange:({target:e})=>r({url:e.value})})}),(0,x.jsx)(o,{label:`Description`,optional:!0,error:t?.field(`description`),hint:`Which system it is, for other admins.`,children:(0,x.jsx)(c,{maxLength:255,value:e.description,onChange:({target:e})=>r({description:e.value})})}),(0,x.jsx)(S,{events:e.events,error:t?.field(`events`),onChange:e=>r({events:e})}),n&&(0,x.jsx)(s,{label:`Enabled`,hint:`While it is disabled, no new events are delivered. Waiting deliveries continue when it is enabled again.`,checked:e.enabled,onChange:({target:e})=>r({enabled:e.checked})})]})}function D({title:e,secret:t,children:n,onClose:a}){return(0,x.jsxs)(l,{open:!0,title:e,footer:(0,x.jsx)(i,{kind:`primary`,onClick:a,children:`I have stored it`}),children:[(0,x.jsxs)(`p`,{className:`prose`,children:[`The receiver needs this secret to check that a delivery is from patron. `,(0,x.jsx)(`strong`,{children:`It is shown only now`}),`; if it is lost, make a new one.`]}),(0,x.jsx)(u,{label:`Secret`,text:t}),n&&(0,x.jsxs)(`div`,{className:`notice`,children:[(0,x.jsx)(r,{}),(0,x.jsx)(`p`,{className:`notice-text`,children:n})]}),(0,x.jsxs)(`p`,{className:`field-hint`,children:[`Deliveries are signed as Standard Webhooks specifies, with the headers `,(0,x.jsx)(`code`,{children:`webhook-id`}),`, `,(0,x.jsx)(`code`,{children:`webhook-timestamp`}),` and`,` `,(0,x.jsx)(`code`,{children:`webhook-signature`}),`. Its libraries check them in one line.`]})]})}export{T as a,m as c,h as d,w as i,d as l,C as n,b as o,E as r,p as s,D as t,f as u};