import{c as e,l as t,r as n,t as r}from"./graphql-DaUSSPTq.js";var i=r(`
  query GroupNames($filters: [FilterInput]) {
    customerGroups(filters: $filters) {
      items {
        customerGroupId
        groupName
      }
    }
  }
`),a=100,o=1e3,s=e({queryKey:[`GroupNames`,`all`],queryFn:async({signal:e})=>{let t=[];for(let r=1;t.length<o;r++){let o=Object.entries({ob:`name`,limit:a,page:r}).map(([e,t])=>({key:e,operation:`eq`,value:String(t)})),{items:s}=(await n(i,{filters:o},e)).customerGroups;if(t.push(...s),s.length<a)break}return t}}),c=()=>t(s).data;export{s as n,c as r,o as t};