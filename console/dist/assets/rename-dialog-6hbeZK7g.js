import{n as e,t}from"./edit-dialog-BCQwT3gm.js";import{r as n,t as r}from"./graphql-DaUSSPTq.js";import{h as i,i as a,n as o,v as s}from"./index-Bnw7Ku6J.js";import{t as c}from"./jsx-runtime-DyZJNswf.js";var l=r(`
  query AdminList($first: Int, $after: String, $last: Int, $before: String) {
    admins(first: $first, after: $after, last: $last, before: $before) {
      nodes {
        uuid
        email
        fullName
        status
        secondFactor
        secondFactorRequired
        createdAt
        lastSignInAt
        version
      }
      pageInfo {
        hasNextPage
        hasPreviousPage
        startCursor
        endCursor
      }
    }
    overview {
      admins
      adminsWithoutSecondFactor
    }
  }
`),u=r(`
  query AdminByUuid($uuid: String!) {
    admin(uuid: $uuid) {
      fullName
      version
    }
  }
`),d=c(),f=({fullName:e,version:t})=>({form:{full_name:e},version:t});function p({admin:r,onClose:c}){let{uuid:l}=r,p=e({base:f(r),read:async()=>{let{admin:e}=await n(u,{uuid:l});return e?f(e):null},write:(e,t)=>o(a.PATCH(`/api/users/{uuid}`,{params:{path:{uuid:l}},body:e,headers:t})),success:`Name saved`,onSuccess:c});return(0,d.jsx)(t,{edit:p,size:`small`,title:`Rename the admin`,labels:{full_name:`Name`},shows:[`full_name`],onClose:c,children:(0,d.jsx)(i,{label:`Name`,error:p.failure?.field(`full_name`),hint:`Other admins see it, also beside what was done.`,children:(0,d.jsx)(s,{"data-first":!0,maxLength:255,value:p.form.full_name,onChange:({target:e})=>p.set({full_name:e.value})})})})}export{l as n,p as t};