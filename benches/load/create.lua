dofile(debug.getinfo(1, "S").source:sub(2):gsub("[^/]+$", "common.lua"))
local number = 0
function prepare() number = 0 end
function request()
  number = number + 1
  local name = os.getenv("ROUND") .. "-" .. seed .. "-" .. number
  return post('{"full_name":"Zofie Tanaka ' .. name .. '","email":"new-' .. name .. '@example.com","password":"correct horse battery"}')
end
