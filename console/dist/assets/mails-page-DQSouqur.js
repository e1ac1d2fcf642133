import{i as e,n as t,t as n}from"./jsx-runtime-DyZJNswf.js";import{Et as r,Jt as i,Ot as a,P as o,R as s,Rt as c,Tt as l,U as u,Zt as d,ht as f,i as p,nt as m,t as h}from"./graphql-DaUSSPTq.js";import{n as g,t as _}from"./pager-CO8mqbNs.js";import{t as v}from"./table-BKqAE4AY.js";import{E as y,T as b,a as x,i as S,n as C,t as w}from"./index-Bnw7Ku6J.js";import{t as T}from"./badge-C4n7Abu-.js";import{t as E}from"./date-time-CFKkx4S6.js";import{t as D}from"./action-YuyM9He_.js";import{t as O}from"./tabs-C2XCVOBz.js";var k=e(t(),1),A=n(),j=(e,t)=>C(S.POST(`/api/mails/{uuid}/retry`,{params:{path:{uuid:e}},headers:x(t)}));function M({mail:{uuid:e,recipient:t}}){let n=D({run:(e,{key:t})=>j(e,t),success:`The mail to ${t} is sent again`});return(0,A.jsx)(l,{small:!0,icon:(0,A.jsx)(f,{size:13}),isPending:n.isPending,"aria-label":`Retry the mail to ${t}`,onClick:()=>n.run(e),children:n.isPaused?`Waiting…`:`Retry`})}var N=4;function P({mails:e}){let[t,n]=(0,k.useState)(0),r=D({run:async(e,{key:t})=>{n(0);let r=[],a=[...e];return await Promise.all(Array.from({length:N},async()=>{for(let e=a.shift();e;e=a.shift()){try{await j(e,`${t}-${e}`)}catch(e){let t=i(e);if(t.code===`network`||d(t))throw t;r.push(t)}n(e=>e+1)}})),r},success:(e,t)=>e.length?null:`${t.length===1?`The mail is`:`${t.length} mails are`} sent again`,onSuccess:(e,t)=>{e[0]&&(w.info(`${t.length-e.length} of ${t.length} mails are sent again`),w.failure(e[0]))}});return(0,A.jsx)(l,{icon:(0,A.jsx)(f,{size:15}),disabled:!e.length&&!r.isPending,isPending:r.isPending,onClick:()=>r.run(e.map(({uuid:e})=>e)),children:r.isPaused?`Waiting for the network…`:r.isPending?`${t} done…`:`Retry all ${e.length} on this page`})}var F={FAILED:{label:`Failed`,tone:`bad`,param:`failed`},PENDING:{label:`Waiting`,tone:`info`,param:`pending`},SENT:{label:`Sent`,tone:`good`,param:`sent`},WITHDRAWN:{label:`Withdrawn`,tone:`neutral`,param:`withdrawn`}};function I(e){let t=Object.keys(F);return e===`all`?null:t.find(t=>F[t].param===e)??`FAILED`}var L={verify_email:`Verification link`,reset_password:`Password link`,invitation:`Invitation`,password_changed:`Password changed`,email_change_requested:`E-mail change requested`,email_changed:`E-mail changed`,admin_password_changed:`Admin: password changed`,second_factor_on:`Admin: second factor on`,second_factor_off:`Admin: second factor off`,second_factor_reset:`Admin: second factor reset`,recovery_codes_created:`Admin: new recovery codes`,recovery_code_used:`Admin: recovery code used`},R=e=>L[e]??e.replaceAll(`_`,` `),z=[{id:`mail`,label:`Mail`,width:60,cell:({subject:e,kind:t,recipient:n,lastError:r,status:i})=>(0,A.jsxs)(`div`,{className:`mails-mail`,children:[(0,A.jsx)(`p`,{className:`truncate mails-subject`,dir:`auto`,children:e||R(t)}),(0,A.jsxs)(`p`,{className:`mails-to`,children:[`to `,(0,A.jsx)(`bdi`,{children:n})]}),r&&i!==`SENT`&&(0,A.jsx)(`p`,{className:i===`FAILED`?`mails-error`:`mails-error soft`,children:r})]})},{id:`customer`,label:`Customer`,width:24,cell:({customer:e})=>e?(0,A.jsx)(a,{to:`/customers/edit/${e.uuid}`,className:`truncate`,dir:`auto`,children:e.fullName}):null},{id:`status`,label:`Status`,width:14,phone:`plain`,cell:({status:e})=>(0,A.jsx)(T,{tone:F[e].tone,children:F[e].label})},{id:`attempts`,label:`Attempts`,width:10,align:`end`,cell:e=>e.attempts},{id:`time`,label:`Queued`,width:24,phone:`plain`,cell:({createdAt:e,nextAttemptAt:t,sentAt:n,status:r})=>(0,A.jsxs)(A.Fragment,{children:[(0,A.jsx)(`p`,{children:(0,A.jsx)(E,{value:e})}),r===`SENT`&&n&&(0,A.jsxs)(`p`,{className:`soft mails-small`,children:[`sent `,(0,A.jsx)(E,{value:n})]}),r===`PENDING`&&t&&(0,A.jsxs)(`p`,{className:`soft mails-small`,children:[`next try `,(0,A.jsx)(E,{value:t})]})]})},{id:`action`,label:`Action`,isLabelHidden:!0,width:12,align:`end`,phone:`end`,cell:e=>e.status===`FAILED`?(0,A.jsx)(M,{mail:e}):null}],B=h(`
  query MailList($first: Int, $after: String, $last: Int, $before: String, $status: MailStatus, $customer: String) {
    mails(first: $first, after: $after, last: $last, before: $before, status: $status, customer: $customer) {
      nodes {
        uuid
        kind
        recipient
        subject
        status
        attempts
        lastError
        createdAt
        nextAttemptAt
        sentAt
        customer {
          uuid
          fullName
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
`),V=h(`
  query MailCounts {
    overview {
      mailsPending
      mailsFailed
    }
  }
`),H=h(`
  query MailCustomer($id: String) {
    customer(id: $id) {
      uuid
      fullName
    }
  }
`);function U({uuid:e}){let{data:t}=p(H,{id:e}),n=t?.customer?.fullName;return(0,A.jsxs)(`p`,{className:`mails-filter`,children:[`Only mails to`,` `,n?(0,A.jsx)(a,{to:`/customers/edit/${e}`,dir:`auto`,children:n}):`one customer`,(0,A.jsx)(a,{to:`/mails?status=all`,className:`icon-button`,"aria-label":`Show all mails`,title:`Show all mails`,children:(0,A.jsx)(u,{size:14})})]})}function W({current:e,customer:t}){let{data:n}=p(V,{},{every:3e4,enabled:!t}),r=t?{}:{FAILED:n?.overview.mailsFailed,PENDING:n?.overview.mailsPending},i=e=>`/mails?${new URLSearchParams({status:e,...t&&{customer:t}})}`,a=Object.keys(F).map(t=>({to:i(F[t].param),label:F[t].label,isCurrent:e===t,count:r[t]?.toLocaleString(`en`)}));return(0,A.jsx)(O,{label:`Status`,tabs:[...a,{to:i(`all`),label:`All`,isCurrent:e===null}]})}var G={FAILED:{title:`No mail has failed`,text:`A mail that could not be sent for a day, or that the mail server refused, is here with the reason.`,icon:(0,A.jsx)(s,{size:26})},PENDING:{title:`No mail is waiting`,text:`A mail waits here until it is sent: usually for a second, and longer if the mail server is unavailable.`,icon:(0,A.jsx)(s,{size:26})},SENT:{title:`No mail was sent yet`,text:`Links to verify addresses and to reset passwords, and notices of changes are here.`,icon:(0,A.jsx)(m,{size:26})},WITHDRAWN:{title:`No mail was withdrawn`,text:`A mail that became pointless before it was sent, such as a link that a newer one replaced, is here.`,icon:(0,A.jsx)(m,{size:26})},ALL:{title:`There are no mails yet`,text:`patron mails links to verify addresses and to reset passwords, and notices of changes.`,icon:(0,A.jsx)(m,{size:26})}};function K({status:e,isOfCustomer:t}){let{title:n,text:i,icon:a}=G[e??`ALL`];return(0,A.jsx)(y,{icon:a,title:t?`No such mail to this customer`:n,action:e!==null&&!t&&(0,A.jsx)(r,{to:`/mails?status=all`,children:`All mails`}),children:i})}var q=25;function J(){let[e]=c(),t=e.get(`customer`),n=I(e.get(`status`)??(t?`all`:null)),{variables:r,pager:a}=g(q),{data:s,error:l,isPlaceholderData:u,refetch:d}=p(B,{...r,status:n,customer:t},{keepPrevious:!0,every:2e4}),f=s?.mails,m=u?[]:f?.nodes.filter(e=>e.status===`FAILED`)??[],h=!!t,y=(0,k.useMemo)(()=>z.filter(({id:e})=>!(e===`customer`&&h)&&!(e===`status`&&n)),[h,n]);return(0,A.jsxs)(b,{title:`Mails`,wide:!0,description:`What patron sends to customers and admins. Failed mails are retried by the button only; waiting ones by themselves.`,actions:m.length>0&&(0,A.jsx)(P,{mails:m}),children:[(0,A.jsx)(W,{current:n,customer:t}),t&&(0,A.jsx)(U,{uuid:t}),l&&(0,A.jsx)(o,{failure:i(l),onRetry:()=>void d()}),f?.nodes.length===0&&!u?(0,A.jsx)(K,{status:n,isOfCustomer:h}):!(l&&!f)&&(0,A.jsx)(v,{label:`Mails`,columns:y,rows:f?.nodes,rowId:({uuid:e})=>e,isStale:u,hasShortcuts:!0}),f&&(0,A.jsx)(_,{...a(f.pageInfo)})]})}export{J as default};